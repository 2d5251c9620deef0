import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameError } from './check.ts';
import type { HostFrame } from './frames.ts';
import { parseHostFrame } from './host-frame.ts';

const frames: readonly HostFrame[] = [
  { type: 'hello', protocol: [1, 2], host: 'h' },
  { type: 'configure', secrets: { TOKEN: 'x', _a1: '' } },
  { type: 'command', id: 'a', text: 'ls', stderr: 'merge', timeoutMs: 5, ack: 0, after: 'abcdefghijkl.4' },
  { type: 'command', id: 'a', text: '' },
  { type: 'command', id: 'a', text: '', permission: 'ask' },
  { type: 'permission', id: 'a', requestId: 'r', answer: 'allow_once', by: 'handler' },
  { type: 'permission', id: 'a', requestId: 'r', answer: 'cancelled', by: 'cancelled' },
  { type: 'permission', id: 'a', requestId: 'r', answer: { optionId: 'o' }, by: 'policy' },
  { type: 'ack', seq: 0 },
  { type: 'cancel', id: 'a', reason: 'timeout' },
  { type: 'interrupt', ref: 1 },
  { type: 'resume', ref: 1, id: 'a', after: 'abcdefghijkl.4' },
  { type: 'resume', ref: 1 },
  { type: 'pause' },
  { type: 'proceed' },
  { type: 'ping', n: 3, ack: 9 },
  { type: 'ping', n: 3 },
  { type: 'shutdown', graceMs: 0 },
];

function pathOf(value: unknown): string {
  try {
    parseHostFrame(value);
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    expect(error.message).toContain(error.path);
    return error.path;
  }
  return 'accepted';
}

const permission = { type: 'permission', id: 'a', requestId: 'r', answer: 'allow_once', by: 'handler' };
const id257 = 'x'.repeat(257);

describe('a host frame', () => {
  it.each(frames.map((frame) => [frame.type, frame] as const))('%s is taken as it was sent', (_, frame) => {
    expect(parseHostFrame(JSON.parse(JSON.stringify(frame)))).toEqual(frame);
  });

  it.each<[string, unknown]>([
    ['frame', null],
    ['frame', []],
    ['frame', 'ping'],
    ['type', {}],
    ['type', { type: 'of tomorrow' }],
    ['type', { type: '__proto__' }],
    ['protocol', { type: 'hello', host: 'h' }],
    ['protocol', { type: 'hello', host: 'h', protocol: [1] }],
    ['protocol', { type: 'hello', host: 'h', protocol: [1, 1.5] }],
    ['host', { type: 'hello', protocol: [1, 1] }],
    ['host', { type: 'hello', protocol: [1, 1], host: '' }],
    ['secrets', { type: 'configure', secrets: [] }],
    ['secrets', { type: 'configure', secrets: { 'a-b': 'x' } }],
    ['secrets.A', { type: 'configure', secrets: { A: 1 } }],
    ['secrets.A', { type: 'configure', secrets: { A: 'a\0' } }],
    ['id', { type: 'command', text: 'x' }],
    ['id', { type: 'command', id: 'a\n', text: 'x' }],
    ['id', { type: 'command', id: id257, text: 'x' }],
    ['text', { type: 'command', id: 'a', text: 1 }],
    ['stderr', { type: 'command', id: 'a', text: '', stderr: 'both' }],
    ['timeoutMs', { type: 'command', id: 'a', text: '', timeoutMs: 1.5 }],
    ['ack', { type: 'command', id: 'a', text: '', ack: -1 }],
    ['after', { type: 'command', id: 'a', text: '', after: 'x'.repeat(101) }],
    ['permission', { type: 'command', id: 'a', text: '', permission: 'maybe' }],
    ['permission', { type: 'command', id: 'a', text: '', permission: null }],
    ['id', { ...permission, id: undefined }],
    ['requestId', { ...permission, requestId: 'x'.repeat(201) }],
    ['answer', { ...permission, answer: 'yes' }],
    ['answer', { ...permission, answer: undefined }],
    ['answer', { ...permission, answer: ['allow_once'] }],
    ['answer.optionId', { ...permission, answer: {} }],
    ['answer.optionId', { ...permission, answer: { optionId: 'x'.repeat(201) } }],
    ['by', { ...permission, by: 'fate' }],
    ['seq', { type: 'ack', seq: 2 ** 53 }],
    ['seq', { type: 'ack', seq: '1' }],
    ['id', { type: 'cancel', reason: 'timeout' }],
    ['reason', { type: 'cancel', id: 'a', reason: 'boredom' }],
    ['ref', { type: 'interrupt' }],
    ['ref', { type: 'resume' }],
    ['id', { type: 'resume', ref: 1, id: null }],
    ['after', { type: 'resume', ref: 1, after: 4 }],
    ['n', { type: 'ping', n: Number.NaN }],
    ['ack', { type: 'ping', n: 1, ack: null }],
    ['graceMs', { type: 'shutdown', graceMs: -1 }],
  ])('is refused naming %s', (path, value) => {
    expect(pathOf(value)).toBe(path);
  });

  it('takes the ids that the contract allows', () => {
    expect(pathOf({ type: 'command', id: 'x'.repeat(256), text: '' })).toBe('accepted');
  });

  it('hands nothing on with an option but its id', () => {
    const answer = { optionId: 'o', kind: 'allow_always' };
    expect(parseHostFrame({ ...permission, answer })).toEqual({ ...permission, answer: { optionId: 'o' } });
  });

  it('never lets the value of a secret into the message', () => {
    expect(() => parseHostFrame({ type: 'configure', secrets: { A: 'hush\0' } })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hush') }),
    );
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
      { seed: 11, numRuns: 2_000 },
    );
  });
});
