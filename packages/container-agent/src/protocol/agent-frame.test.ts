import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAgentFrame } from './agent-frame.ts';
import { FrameError } from './check.ts';

const at = '2026-01-01T00:00:00.000Z';
const journalId = 'abcdefghijkl';
const place = { seq: 1, id: 'a', at };
const call = { toolCallId: 't', title: 'T', kind: 'edit', status: 'pending' };
const option = { optionId: 'o', name: 'O', kind: 'allow_once' };
const result = { id: 'a', durationMs: 1, outputBytes: 2, completedBy: 'program', inferred: false };
const error = { code: 'C', message: 'm', retryable: false };
const hello = {
  type: 'hello',
  protocol: 1,
  agentVersion: '1',
  journalId,
  lastSeq: 1,
  ackedSeq: 0,
  program: 'p',
  configured: true,
};
const event = (update: object): Record<string, unknown> => ({ type: 'event', ...place, event: update });
const end = (fields: object): Record<string, unknown> => ({ type: 'end', ...place, result: { ...result, ...fields } });
const completed = { success: true, status: 'completed' };

const frames: readonly Record<string, unknown>[] = [
  { ...hello, programVersion: '2', pid: 3, running: 'a', runningSince: at, busy: { host: 'h', since: at } },
  hello,
  { type: 'begin', ...place, digest: 'd', text: 'ls' },
  event({ type: 'text', text: 'x', stream: 'stderr', bytes: 'eA==', messageId: 'm', late: true }),
  event({ type: 'thought', text: 'x' }),
  event({ type: 'tool_call', ...call, rawInput: 1, rawOutput: null, content: [] }),
  event({ type: 'tool_call_update', toolCallId: 't', status: 'completed' }),
  event({ type: 'plan', entries: [{ content: 'c', status: 'pending' }] }),
  event({ type: 'permission_request', requestId: 'r', toolCall: { title: 'T' }, options: [option] }),
  event({ type: 'permission_resolved', requestId: 'r', optionId: 'o', by: 'policy' }),
  event({ type: 'status', status: 'stalled', cause: 'unfinished', message: 'm' }),
  end(completed),
  end({ ...completed, exitCode: 0, stopReason: 'end_turn', usage: { inputTokens: 1, costUsd: 0.5 } }),
  end({ success: false, status: 'failed', error }),
  { type: 'refused', code: 'C', message: 'm', retryable: true, ref: 1, id: 'a' },
  { type: 'refused', code: 'C', message: 'm', retryable: true },
  { type: 'resumed', ref: 1, after: 0, upTo: 4 },
  { type: 'configured', pid: 4 },
  { type: 'interrupted', ref: 1, id: 'a' },
  { type: 'pong', n: 1, program: 'idle', pid: 1, running: 'a', runningSince: at, lastSeq: 3 },
  { type: 'pong', n: 1, program: 'running', running: 'a', runningSince: at, waitingFor: 'permission', lastSeq: 3 },
  { type: 'asking', id: 'a', request: { requestId: 'r', toolCall: call, options: [option] } },
  { type: 'asking', id: 'a', request: { requestId: 'r', toolCall: {}, options: [] } },
  { type: 'log', level: 'info', event: 'e', fields: {} },
];

function pathOf(value: unknown): string {
  try {
    parseAgentFrame(value);
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    expect(error.message).toContain(error.path);
    return error.path;
  }
  return 'accepted';
}

const pong = { type: 'pong', n: 1, program: 'idle', lastSeq: 3 };
const refused = { type: 'refused', code: 'C', message: 'm', retryable: true };
const long = 'x'.repeat(70_000);
const request = { requestId: 'r', toolCall: { title: 'T' }, options: [option, { ...option, optionId: 'p' }] };
const million = Array.from({ length: 1_000_000 }, () => option);

/** What no question may be, by the path of the field. */
const questions: readonly (readonly [string, object])[] = [
  ['requestId', { ...request, requestId: 1 }],
  ['requestId', { ...request, requestId: long }],
  ['toolCall', { ...request, toolCall: 'rm' }],
  ['toolCall.toolCallId', { ...request, toolCall: { toolCallId: long } }],
  ['toolCall.title', { ...request, toolCall: { title: long } }],
  ['toolCall.content', { ...request, toolCall: { content: {} } }],
  ['options', { ...request, options: { length: 1 } }],
  ['options', { ...request, options: million }],
  ['options[1]', { ...request, options: [option, null] }],
  ['options[1].optionId', { ...request, options: [option, { ...option, kind: 'reject_once' }] }],
  ['options[0].optionId', { ...request, options: [{ ...option, optionId: long }] }],
  ['options[0].name', { ...request, options: [{ ...option, name: long }] }],
  ['options[0].name', { ...request, options: [{ ...option, name: undefined }] }],
  ['options[0].kind', { ...request, options: [{ ...option, kind: 'maybe' }] }],
];

describe('an agent frame', () => {
  it.each(frames.map((frame) => [JSON.stringify(frame).slice(0, 60), frame] as const))('is taken: %s', (_, frame) => {
    expect(parseAgentFrame(JSON.parse(JSON.stringify(frame)))).toEqual(frame);
  });

  it.each<[string, unknown]>([
    ['frame', 5],
    ['type', { type: 'of tomorrow' }],
    ['seq', { type: 'begin', ...place, seq: 0, digest: 'd', text: '' }],
    ['seq', { type: 'event', id: 'a', at }],
    ['id', { type: 'end', seq: 1, id: '', at }],
    ['at', { type: 'begin', seq: 1, id: 'a', at: long }],
    ['digest', { type: 'begin', ...place, text: '' }],
    ['text', { type: 'begin', ...place, digest: 'd' }],
    ['event', { type: 'event', ...place }],
    ['event.type', event({ type: 'end' })],
    ['event.text', event({ type: 'text' })],
    ['event.stream', event({ type: 'text', text: '', stream: 'stdin' })],
    ['event.bytes', event({ type: 'text', text: '', bytes: 1 })],
    ['event.messageId', event({ type: 'text', text: '', messageId: 1 })],
    ['event.late', event({ type: 'text', text: '', late: false })],
    ['event.text', event({ type: 'thought', text: 1 })],
    ['event.toolCallId', event({ type: 'tool_call', ...call, toolCallId: 1 })],
    ['event.title', event({ type: 'tool_call', ...call, title: undefined })],
    ['event.kind', event({ type: 'tool_call', ...call, kind: 'dance' })],
    ['event.status', event({ type: 'tool_call_update', toolCallId: 't', status: 'odd' })],
    ['event.content', event({ type: 'tool_call_update', toolCallId: 't', content: {} })],
    ['event.entries', event({ type: 'plan', entries: {} })],
    ['event.entries[1]', event({ type: 'plan', entries: [{ content: 'c', status: 'pending' }, null] })],
    ['event.entries[0].content', event({ type: 'plan', entries: [{ status: 'pending' }] })],
    ['event.entries[0].status', event({ type: 'plan', entries: [{ content: '', status: 'x' }] })],
    ['event.requestId', event({ type: 'permission_request', toolCall: {}, options: [] })],
    ['event.toolCall', event({ type: 'permission_request', requestId: 'r', options: [] })],
    ['event.toolCall.kind', event({ type: 'permission_request', requestId: 'r', toolCall: { kind: 1 }, options: [] })],
    ['event.options', event({ type: 'permission_request', requestId: 'r', toolCall: {} })],
    [
      'event.options[0].kind',
      event({ type: 'permission_request', requestId: 'r', toolCall: {}, options: [{ ...option, kind: 'maybe' }] }),
    ],
    ['event.by', event({ type: 'permission_resolved', requestId: 'r', by: 'fate' })],
    ['event.optionId', event({ type: 'permission_resolved', requestId: 'r', by: 'policy', optionId: 1 })],
    ['event.status', event({ type: 'status', status: 'sleepy' })],
    ['event.cause', event({ type: 'status', status: 'stalled', cause: 'bored' })],
    ['event.message', event({ type: 'status', status: 'retry', message: 1 })],
    ['result', { type: 'end', ...place }],
    ['result.status', end({ success: true, status: 'done' })],
    ['result.success', end({ success: true, status: 'failed', error })],
    ['result.success', end({ status: 'completed' })],
    ['result.id', end({ ...completed, id: 'b' })],
    ['result.durationMs', end({ ...completed, durationMs: -1 })],
    ['result.outputBytes', end({ ...completed, outputBytes: '2' })],
    ['result.completedBy', end({ ...completed, completedBy: 1 })],
    ['result.inferred', end({ ...completed, inferred: 0 })],
    ['result.exitCode', end({ ...completed, exitCode: 0.5 })],
    ['result.stopReason', end({ ...completed, stopReason: 'boredom' })],
    ['result.usage', end({ ...completed, usage: [] })],
    ['result.usage.cachedTokens', end({ ...completed, usage: { cachedTokens: -1 } })],
    ['result.usage.costUsd', end({ ...completed, usage: { costUsd: 'free' } })],
    ['result.error', end({ ...completed, error })],
    ['result.error', end({ success: false, status: 'failed' })],
    ['result.error.code', end({ success: false, status: 'failed', error: { ...error, code: 1 } })],
    ['result.error.message', end({ success: false, status: 'failed', error: { ...error, message: long } })],
    ['result.error.retryable', end({ success: false, status: 'failed', error: { ...error, retryable: 'no' } })],
    ...['protocol', 'agentVersion', 'journalId', 'lastSeq', 'ackedSeq', 'program', 'configured'].map(
      (key): [string, unknown] => [key, { ...hello, [key]: {} }],
    ),
    ['journalId', { ...hello, journalId: '../../etc' }],
    ['programVersion', { ...hello, programVersion: 1 }],
    ['pid', { ...hello, pid: -1 }],
    ['running', { ...hello, running: 1 }],
    ['runningSince', { ...hello, runningSince: 1 }],
    ['busy', { ...hello, busy: 'yes' }],
    ['busy.host', { ...hello, busy: { since: at } }],
    ['busy.since', { ...hello, busy: { host: 'h' } }],
    ['ref', { ...refused, ref: '1' }],
    ['id', { ...refused, id: 1 }],
    ['code', { ...refused, code: long }],
    ['code', { ...refused, code: 'CCB_\x1b[2J' }],
    ['message', { ...refused, message: long }],
    ['retryable', { ...refused, retryable: undefined }],
    ['ref', { type: 'resumed', after: 0, upTo: 0 }],
    ['after', { type: 'resumed', ref: 0, upTo: 0 }],
    ['upTo', { type: 'resumed', ref: 0, after: 0 }],
    ['pid', { type: 'configured', pid: 1.5 }],
    ['programVersion', { type: 'pong', n: 1, lastSeq: 0, program: 'running', programVersion: {} }],
    ['ref', { type: 'interrupted' }],
    ['id', { type: 'interrupted', ref: 1, id: 1 }],
    ['n', { ...pong, n: undefined }],
    ['program', { ...pong, program: 'asleep' }],
    ['pid', { ...pong, pid: 'x' }],
    ['running', { ...pong, running: 1 }],
    ['runningSince', { ...pong, runningSince: 1 }],
    ['lastSeq', { ...pong, lastSeq: null }],
    ['waitingFor', { ...pong, waitingFor: 'godot' }],
    ['id', { type: 'asking', request }],
    ['id', { type: 'asking', id: 'a\n', request }],
    ['request', { type: 'asking', id: 'a' }],
    ['request', { type: 'asking', id: 'a', request: [] }],
    ['level', { type: 'log', level: 'loud', event: 'e' }],
    ['event', { type: 'log', level: 'info' }],
    ['fields', { type: 'log', level: 'info', event: 'e', fields: [] }],
  ])('is refused naming %s: %j', (path, value) => {
    expect(pathOf(value)).toBe(path);
  });

  it.each(questions)('with a question is refused naming %s', (path, question) => {
    expect(pathOf({ type: 'asking', id: 'a', request: question })).toBe(`request.${path}`);
    expect(pathOf(event({ type: 'permission_request', ...question }))).toBe(`event.${path}`);
  });

  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

  it.each<[string, unknown]>([
    ['frame', event({ type: 'tool_call', ...call, rawOutput: 'x'.repeat(2_000_000) })],
    ['frame', event({ type: 'text', text: 'x'.repeat(2_000_000) })],
    ['frame', { type: 'begin', ...place, digest: 'd', text: 'ls', also: 'x'.repeat(5_000) }],
    ['frame', { type: 'log', level: 'info', event: 'e', fields: { x: 'x'.repeat(2_000_000) } }],
    ['frame', event({ type: 'tool_call', ...call, rawInput: nested(10_000) })],
    ['frame', { ...pong, also: nested(100) }],
    ['event', event({ type: 'text', text: '', also: 'x'.repeat(5_000) })],
    ['event', event({ type: 'text', text: '', also: Array(2_000).fill(0) })],
  ])('that would cost its reader more than it says is refused naming %s', (path, value) => {
    expect(pathOf(value)).toBe(path);
  });

  it('may carry all of a long command, and what programs nest', () => {
    expect(pathOf({ type: 'begin', ...place, digest: 'd', text: 'x'.repeat(2_000_000) })).toBe('accepted');
    expect(pathOf(event({ type: 'text', text: 'x'.repeat(61_440), bytes: 'x'.repeat(90_000) }))).toBe('accepted');
    expect(pathOf(event({ type: 'tool_call', ...call, rawInput: nested(40) }))).toBe('accepted');
  });

  it('is a frame or a FrameError, whatever came', () => {
    const broken = fc.constantFrom(...frames).chain((frame) =>
      fc.record({ key: fc.constantFrom(...Object.keys(frame)), value: fc.jsonValue() }).map(({ key, value }) => ({
        ...frame,
        [key]: value,
      })),
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), broken), (value) => void pathOf(value)),
      { seed: 12, numRuns: 2_000 },
    );
  });
});
