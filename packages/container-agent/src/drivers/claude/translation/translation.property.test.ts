import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkResult } from '../../../protocol/command-result.ts';
import { checkUpdate } from '../../../protocol/command-update.ts';
import { parseMessage } from './message.ts';
import { permissionRequest, permissionResponse } from './permission.ts';
import { fixturesOf, translate, versions } from './testing/fixtures.ts';
import { Translator, type Update } from './translator.ts';

const recorded = versions.flatMap((version) => [...fixturesOf(version).values()]);
const seeded = { seed: 11, numRuns: 300 };
const frameBytes = 65_536;

/** Everything that comes of these lines must be what the protocol takes. */
function check(lines: readonly string[]): void {
  const take = (update: object): void => {
    const frame = JSON.parse(JSON.stringify(update)) as Update;
    checkUpdate(frame);
    expect(Buffer.byteLength(JSON.stringify(frame))).toBeLessThan(frameBytes - 1_000);
  };
  const translator = new Translator({
    text: (text, messageId) => checkUpdate({ type: 'text', text, messageId }),
    update: take,
  });
  for (const line of lines) {
    const message = parseMessage(line);
    if (message.type === 'can_use_tool') {
      take({ type: 'permission_request', ...permissionRequest(message) });
      expect(permissionResponse(message, 'allow_always')).toBeDefined();
    }
    const end = translator.take(message);
    expect(translator.openTools.every(({ toolCallId }) => toolCallId.length <= 200)).toBe(true);
    if (end === undefined) continue;
    const status = end.success ? 'completed' : 'failed';
    const result = { id: 'a', durationMs: 0, outputBytes: 0, inferred: false, status, ...end };
    checkResult({ id: 'a', result: JSON.parse(JSON.stringify(result)) as object });
  }
}

test('what was recorded is what the protocol takes', () => {
  for (const lines of recorded) check(lines);
});

test('the text of a streamed turn is its text blocks, one after the other', () => {
  const block = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
  const message = fc.array(block, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      fc.nat(5),
      (answers, partial, size) => {
        const lines = answers.flatMap((blocks, number) => spoken(`m${number}`, blocks, partial, size + 1));
        const [turn] = translate(lines);
        expect(turn?.text).toBe(answers.flat().join(''));
        expect(turn?.messageIds).toEqual(answers.map((_, number) => `m${number}`));
      },
    ),
    seeded,
  );
});

test('no JSON makes it throw, or say what the protocol does not take', () => {
  const type = fc.constantFrom('system', 'assistant', 'user', 'result', 'stream_event', 'control_request', 'nonsense');
  const line = fc
    .tuple(type, fc.object({ maxDepth: 4 }))
    .map(([name, rest]) => JSON.stringify({ ...rest, type: name }));
  fc.assert(fc.property(fc.array(fc.oneof(line, fc.json(), fc.string()), { maxLength: 8 }), check), seeded);
});

test('nor do recorded lines whose values were exchanged', () => {
  const stream = fc.constantFrom(...recorded);
  const values = fc.oneof(
    fc.constantFrom(
      null,
      '',
      0,
      -1,
      1e308,
      true,
      [],
      {},
      [null],
      ['x'],
      { type: 'text' },
      '\u0000\ud800',
      'x'.repeat(300),
    ),
    fc.jsonValue({ maxDepth: 2 }),
  );
  fc.assert(
    fc.property(stream, fc.array(fc.tuple(fc.nat(), fc.nat(), values), { maxLength: 12 }), (lines, changes) => {
      const changed = [...lines];
      for (const [at, path, value] of changes) {
        const index = at % changed.length;
        changed[index] = mutated(changed[index] as string, path, value);
      }
      check(changed);
    }),
    { seed: 11, numRuns: 500 },
  );
});

test('nor do lines that are torn, doubled or out of order', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...recorded).chain((lines) => fc.shuffledSubarray([...lines, ...lines])),
      fc.nat(),
      (lines, cut) =>
        check(lines.map((line, index) => (index % 7 === 3 ? line.slice(0, cut % (line.length + 1)) : line))),
    ),
    seeded,
  );
});

test('nor does a line of great depth or length', () => {
  const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
  const use = (input: string): string =>
    `{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t","name":"Bash","input":${input}}]}}`;
  const result = (content: string): string =>
    `{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t","content":${content}}]}}`;
  const ask = (input: string): string =>
    `{"type":"control_request","request_id":"r","request":{"subtype":"can_use_tool","tool_name":"Edit","input":${input}}}`;
  const long = JSON.stringify('\u0001'.repeat(1_000_000));
  const edit = `{"file_path":${long},"old_string":${long},"new_string":${long}}`;
  check([use(deep), result(deep)]);
  check([use(`{"command":${long}}`), result(`[{"type":"text","text":${long}},${long}]`)]);
  check([ask(deep), ask(edit), use(edit).replace('Bash', 'Edit'), result(long)]);
  check([`{"type":"assistant","message":{"content":[{"type":"thinking","thinking":${long}}]}}`]);
});

test('nor do ids of any length, which still belong together', () => {
  const id = 'i'.repeat(1_000);
  const use = { type: 'tool_use', id, name: 'Bash', input: {} };
  const result = { type: 'tool_result', tool_use_id: id, content: 'done' };
  const request = { subtype: 'can_use_tool', tool_name: 'Bash', tool_use_id: id, input: {} };
  const lines = [
    { type: 'assistant', message: { id, content: [{ type: 'text', text: 'x' }, use] } },
    { type: 'control_request', request_id: id, request },
    { type: 'user', message: { content: [result] } },
  ].map((line) => JSON.stringify(line));
  check(lines);
  expect(translate(lines)[0]?.openTools).toEqual([]);
});

/** One message as the program prints it: its pieces, and each block again as a whole. */
function spoken(id: string, blocks: readonly string[], partial: boolean, size: number): readonly string[] {
  const event = (fields: object): string => JSON.stringify({ type: 'stream_event', event: fields });
  const whole = (text: string): string =>
    JSON.stringify({ type: 'assistant', message: { id, content: [{ type: 'text', text }] } });
  if (!partial) return blocks.map(whole);
  return [
    event({ type: 'message_start', message: { id } }),
    ...blocks.flatMap((text, index) => [
      event({ type: 'content_block_start', index, content_block: { type: 'text', text: '' } }),
      ...(text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'gu')) ?? []).map((piece) =>
        event({ type: 'content_block_delta', index, delta: { type: 'text_delta', text: piece } }),
      ),
      whole(text),
      event({ type: 'content_block_stop', index }),
    ]),
    event({ type: 'message_stop' }),
  ];
}

/** The line with the value at one of its paths exchanged. */
function mutated(line: string, path: number, value: unknown): string {
  let left = path % 40;
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return line;
  }
  return (
    JSON.stringify(parsed, (_key, entry: unknown) => {
      left -= 1;
      return left === -1 ? value : entry;
    }) ?? ''
  );
}
