import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seqOf } from '../journal/line.ts';
import { parseAgentFrame } from './agent-frame.ts';
import { encodeBegin, encodeControl, encodeEnd, encodePiece, encodeUpdate } from './encode.ts';

const at = '2026-01-01T00:00:00.000Z';
const seq = fc.integer({ min: 1, max: 1e15 });
// What ends a line, ends a string or is no character at all is the likeliest to go wrong.
const nasty = fc.constantFrom('\n', '"', '\\', '\0', '\u2028', '\ud800', '\udc00', '😀', '}', ',"seq":1');
const text = fc
  .array(fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 8 })
  .map((parts) => parts.join(''));
const id = fc.string({ minLength: 1, maxLength: 64, unit: 'grapheme' });
const options = { seed: 13, numRuns: 1_000 };

function parsed(line: Buffer): unknown {
  expect(line.indexOf(10)).toBe(line.length - 1);
  return parseAgentFrame(JSON.parse(line.toString('utf8')));
}

describe('an encoded line', () => {
  it('begin is parsed as what it was', () => {
    fc.assert(
      fc.property(seq, id, text, (n, name, command) => {
        const line = encodeBegin(n, name, at, 'd', command);
        expect(parsed(line)).toEqual({ type: 'begin', seq: n, id: name, at, digest: 'd', text: command });
        expect(seqOf(line, 0, line.length - 1)).toBe(n);
      }),
      options,
    );
  });

  it('text is parsed as what it was', () => {
    const piece = fc.record({
      text,
      stream: fc.constantFrom('stdout' as const, 'stderr' as const),
      bytes: fc.option(fc.base64String(), { nil: undefined }),
      late: fc.boolean(),
    });
    fc.assert(
      fc.property(seq, id, piece, (n, name, each) => {
        const line = encodePiece(n, name, at, each);
        expect(parsed(line)).toEqual({
          type: 'event',
          seq: n,
          id: name,
          at,
          event: {
            type: 'text',
            text: each.text,
            ...(each.stream === 'stderr' && { stream: 'stderr' }),
            ...(each.bytes !== undefined && { bytes: each.bytes }),
            ...(each.late && { late: true }),
          },
        });
        expect(seqOf(line, 0, line.length - 1)).toBe(n);
      }),
      options,
    );
  });

  it('update and end are parsed as what they were', () => {
    fc.assert(
      fc.property(seq, id, text, (n, name, message) => {
        const event = { type: 'status', status: 'retry', message };
        expect(parsed(encodeUpdate(n, name, at, event))).toEqual({ type: 'event', seq: n, id: name, at, event });
        const result = {
          id: name,
          durationMs: 1,
          outputBytes: 0,
          completedBy: 'exit',
          inferred: false,
          success: false as const,
          status: 'failed' as const,
          error: { code: 'C', message, retryable: true },
        };
        expect(parsed(encodeEnd(n, name, at, result))).toEqual({ type: 'end', seq: n, id: name, at, result });
      }),
      options,
    );
  });

  it('control is parsed as what it was', () => {
    const frame = { type: 'resumed', ref: 1, after: 2, upTo: 3 } as const;
    expect(parsed(encodeControl(frame))).toEqual(frame);
  });
});
