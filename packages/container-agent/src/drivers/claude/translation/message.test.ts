import { expect, test } from 'vitest';
import { parseMessage } from './message.ts';
import { fixturesOf, versions } from './testing/fixtures.ts';

test.each(versions)('understands every recorded line of %s', (version) => {
  const strange = [...fixturesOf(version).values()]
    .flat()
    .map(parseMessage)
    .filter((message) => message.type === 'garbage' || message.type === 'unknown');
  // `/clear` says so beforehand since some version; the init that follows has the new session's id.
  expect(strange).toEqual(version === '2.1.330' ? [{ type: 'unknown', name: 'conversation_reset' }] : []);
});

test.each(['', 'no json', '{"type":', '[]', 'null', '"text"', '{}', '{"type":7}'])('keeps %j as garbage', (line) => {
  expect(parseMessage(line)).toEqual({ type: 'garbage', text: line });
});

test.each([
  { type: 'system' },
  { type: 'system', subtype: 'init' },
  { type: 'stream_event' },
  { type: 'stream_event', event: {} },
  { type: 'stream_event', event: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta' } } },
  { type: 'assistant' },
  { type: 'assistant', message: { content: [{ type: 'text' }] } },
  { type: 'result' },
  { type: 'control_request', request_id: 'r1', request: { subtype: 'can_use_tool', tool_name: 'Bash' } },
  { type: 'control_response', response: { subtype: 'success' } },
  { type: 'control_cancel_request' },
])('calls a known type without what makes it one garbage: %j', (line) => {
  expect(parseMessage(JSON.stringify(line)).type).toBe('garbage');
});

test('keeps the name of a type that it does not know', () => {
  expect(parseMessage('{"type":"telepathy","thought":1}')).toEqual({ type: 'unknown', name: 'telepathy' });
});

test('takes a message whose optional fields are missing, or are something else now', () => {
  const line = { type: 'result', subtype: 'success', usage: [], errors: 'none', total_cost_usd: '1', origin: 'me' };
  expect(parseMessage(JSON.stringify(line))).toEqual({
    type: 'result',
    subtype: 'success',
    isError: false,
    errors: [],
    prompts: [],
    usage: {},
  });
});

test('tells the question for a permission from other questions', () => {
  const question = (request: object) =>
    parseMessage(JSON.stringify({ type: 'control_request', request_id: 'r1', request }));
  expect(question({ subtype: 'can_use_tool', tool_name: 'Bash', input: { command: 'ls' }, tool_use_id: 't1' })).toEqual(
    {
      type: 'can_use_tool',
      requestId: 'r1',
      toolName: 'Bash',
      toolUseId: 't1',
      input: { command: 'ls' },
      suggestions: [],
    },
  );
  const hook = { subtype: 'hook_callback', callback_id: 'h1' };
  expect(question(hook)).toEqual({ type: 'control_request', requestId: 'r1', subtype: 'hook_callback', request: hook });
});

test('reads the answers to its own questions, refusals too', () => {
  const answer = (response: object) => parseMessage(JSON.stringify({ type: 'control_response', response }));
  expect(answer({ subtype: 'success', request_id: 'i1' })).toEqual({
    type: 'control_response',
    requestId: 'i1',
    response: {},
  });
  expect(answer({ subtype: 'error', request_id: 'i1', error: 'no' })).toMatchObject({ requestId: 'i1', error: 'no' });
});

test('says which turn the program took by itself', () => {
  for (const version of versions) {
    const results = fixturesOf(version).get('bgbash')?.map(parseMessage) ?? [];
    expect(results.filter((message) => message.type === 'result').map((message) => message.origin)).toEqual([
      undefined,
      'task-notification',
    ]);
  }
});
