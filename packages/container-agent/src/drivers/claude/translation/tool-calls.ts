import type { CommandUpdate } from '@ccb/instance-interface';
import { bounded, idOf } from './bounds.ts';
import type { Block } from './conversation.ts';
import { isObject, type Json } from './json.ts';
import { isPlanTool, type TaskPlan } from './plan.ts';
import { kindOf, titleOf } from './tool.ts';
import { contentOfInput, contentOfResult, textContent } from './tool-content.ts';

export type Update = Exclude<CommandUpdate, { type: 'text' } | { type: 'end' }>;

/** A tool call whose result has not come. */
export interface OpenTool {
  readonly toolCallId: string;
  /** As the program calls it: `Bash`, `mcp__github__create_issue`. */
  readonly name: string;
  /** For people: "Bash: ls -la". */
  readonly title: string;
  /** When it was seen first, as `performance.now()` counts. */
  readonly since: number;
}

interface Call extends OpenTool {
  /** The call whose sub-agent makes this one. */
  readonly parent: string | undefined;
  readonly input: Json;
  readonly isComplete: boolean;
}

type ToolUse = Extract<Block, { type: 'tool_use' }>;
type ToolResult = Extract<Block, { type: 'tool_result' }>;

/**
 * The tool calls of one turn. Those of a sub-agent are not told one by one: what it does last is the content of the
 * call that started it, until that has a result.
 */
export class ToolCalls {
  readonly #update: (update: Update) => void;
  readonly #plan: TaskPlan;
  readonly #open = new Map<string, Call>();

  constructor(update: (update: Update) => void, plan: TaskPlan) {
    this.#update = update;
    this.#plan = plan;
  }

  get open(): readonly OpenTool[] {
    return [...this.#open.values()].map(({ toolCallId, name, title, since }) => ({ toolCallId, name, title, since }));
  }

  /** The model begins to write a call; what with is not known. */
  announce(tool: ToolUse): void {
    const id = idOf(tool.id);
    if (this.#open.has(id)) return;
    const call = this.#remember(tool, undefined, {}, false);
    if (isPlanTool(tool.name)) return;
    this.#update({ type: 'tool_call', toolCallId: id, title: call.title, kind: kindOf(tool.name), status: 'pending' });
  }

  /** The call is written, and about to run. */
  begin(tool: ToolUse): void {
    const known = this.#open.get(idOf(tool.id));
    if (known?.isComplete) return;
    const { toolCallId, title } = this.#remember(tool, undefined, tool.input, true);
    if (isPlanTool(tool.name)) return;
    const content = contentOfInput(tool.name, tool.input);
    const rawInput = bounded(tool.input);
    const facts = { toolCallId, title, kind: kindOf(tool.name), status: 'in_progress' as const, rawInput, content };
    this.#update({ type: known === undefined ? 'tool_call' : 'tool_call_update', ...facts });
  }

  /** @param output what the tool gave back, as the program keeps it; undefined: the result's own content is all there is */
  finish(result: ToolResult, output: unknown): void {
    const call = this.#open.get(idOf(result.id));
    if (call === undefined) return;
    this.#close(call.toolCallId);
    if (call.parent !== undefined) return;
    if (isPlanTool(call.name)) {
      const plan = result.isError ? undefined : this.#plan.take(call.name, call.input, isObject(output) ? output : {});
      if (plan !== undefined) this.#update(plan);
      return;
    }
    // The change itself says more than the sentence that it was made.
    const isShown = !result.isError && contentOfInput(call.name, call.input) !== undefined;
    this.#update({
      type: 'tool_call_update',
      toolCallId: call.toolCallId,
      status: result.isError ? 'failed' : 'completed',
      rawOutput: bounded(output ?? result.content),
      content: isShown ? undefined : contentOfResult(result.content),
    });
  }

  beginWithin(parent: string, tool: ToolUse): void {
    if (this.#open.has(idOf(tool.id))) return;
    const call = this.#remember(tool, idOf(parent), tool.input, true);
    this.progress(parent, call.title);
  }

  /** A sub-agent goes on. */
  progress(parent: string, text: string): void {
    const toolCallId = this.#rootOf(idOf(parent));
    if (toolCallId === undefined) return;
    this.#update({ type: 'tool_call_update', toolCallId, content: [textContent(text)] });
  }

  /** The turn is over: what has no result gets none. */
  abandon(): void {
    const told = [...this.#open.values()].filter((call) => call.parent === undefined && !isPlanTool(call.name));
    this.#open.clear();
    for (const { toolCallId } of told) this.#update({ type: 'tool_call_update', toolCallId, status: 'failed' });
  }

  #remember(tool: ToolUse, parent: string | undefined, input: Json, isComplete: boolean): Call {
    const toolCallId = idOf(tool.id);
    const since = this.#open.get(toolCallId)?.since ?? performance.now();
    const call = { toolCallId, name: tool.name, title: titleOf(tool.name, input), since, parent, input, isComplete };
    this.#open.set(toolCallId, call);
    return call;
  }

  #close(id: string): void {
    this.#open.delete(id);
    for (const call of [...this.#open.values()]) if (call.parent === id) this.#close(call.toolCallId);
  }

  /** The call in the main conversation that a sub-agent, or one of its own, works for. */
  #rootOf(id: string): string | undefined {
    const seen = new Set<string>();
    let call = this.#open.get(id);
    while (call?.parent !== undefined && !seen.has(call.toolCallId)) {
      seen.add(call.toolCallId);
      call = this.#open.get(call.parent);
    }
    return call?.parent === undefined ? call?.toolCallId : undefined;
  }
}
