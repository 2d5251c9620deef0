import assert from 'node:assert/strict';
import type { CommandEvent } from '@ccb/instance-interface';

/** Everything that comes, in order. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** The whole text. */
export async function joined(source: AsyncIterable<string>): Promise<string> {
  return (await collect(source)).join('');
}

/** The answer's text as its events tell it: stdout alone. */
export function textOf(events: readonly CommandEvent[]): string {
  return events.map((event) => (event.type === 'text' && event.stream !== 'stderr' ? event.text : '')).join('');
}

/** What `lines(count)` answers. */
export function numbered(count: number): string {
  let text = '';
  for (let line = 1; line <= count; line += 1) text += `${line}\n`;
  return text;
}

/** Like `assert.equal`, without megabytes of difference in the message. */
export function assertSameText(actual: string, expected: string): void {
  if (actual === expected) return;
  let at = 0;
  while (at < actual.length && actual[at] === expected[at]) at += 1;
  const around = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 20), at + 40));
  assert.fail(
    `${actual.length} characters came, ${expected.length} were expected; they differ from ${at} on: ${around(actual)} instead of ${around(expected)}`,
  );
}
