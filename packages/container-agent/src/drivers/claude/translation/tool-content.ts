import { bounded, clipped } from './bounds.ts';
import { isObject, type Json, optionalText } from './json.ts';
import { kindOf } from './tool.ts';

/** Characters of a text in a tool's content at most. */
const MAX_TEXT = 24_000;

/** What a tool will change, as the Agent Client Protocol shows it; undefined: nothing that can be shown before it ran. */
export function contentOfInput(name: string, input: Json): readonly unknown[] | undefined {
  const path = optionalText(input, 'file_path');
  if (kindOf(name) !== 'edit' || path === undefined) return undefined;
  const newText = optionalText(input, name === 'Write' ? 'content' : 'new_string');
  if (newText === undefined) return undefined;
  const oldText = name === 'Write' ? null : (optionalText(input, 'old_string') ?? null);
  return boundedContent([{ type: 'diff', path, oldText, newText }]);
}

/** What a tool gave back, as the Agent Client Protocol shows it. */
export function contentOfResult(content: unknown): readonly unknown[] | undefined {
  const blocks = typeof content === 'string' ? [content] : Array.isArray(content) ? content : [];
  const texts = blocks.map(textOf).filter((text) => text !== '');
  return texts.length === 0 ? undefined : boundedContent(texts.map(textContent));
}

export function textContent(text: string): unknown {
  return { type: 'content', content: { type: 'text', text: clipped(text, MAX_TEXT) } };
}

function textOf(block: unknown): string {
  if (typeof block === 'string') return block;
  if (!isObject(block)) return '';
  return optionalText(block, 'text') ?? `[${optionalText(block, 'type') ?? 'something else'}]`;
}

function boundedContent(content: readonly unknown[]): readonly unknown[] {
  const fitting = bounded(content);
  return Array.isArray(fitting) ? fitting.map((entry) => (typeof entry === 'string' ? textContent(entry) : entry)) : [];
}
