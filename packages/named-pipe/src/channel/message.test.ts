import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NamedPipeError } from '../error.ts';
import { decodeMessage, encodeMessage } from './message.ts';

const MAX = 1000;
const decode = (line: Buffer): unknown => decodeMessage(line, (value) => value);
const body = (line: string): Buffer => Buffer.from(line).subarray(0, -1);

describe('a message', () => {
  test('survives as any JSON value, on one line', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary', maxDepth: 2 }), (value) => {
        const line = encodeMessage(value, 1e6);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(decode(body(line))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test.each(['', '\0', '\u2028\u2029', '\ud800', '\udfff\ud800', '🙂', '\ufeff', 'a\nb\r\n', 'ü'])(
    'survives as the text %j',
    (text) => {
      expect(decode(body(encodeMessage(text, MAX)))).toBe(text);
    },
  );

  test.each([undefined, () => {}, Symbol('x'), 1n])('of %s is a TypeError', (value) => {
    expect(() => encodeMessage(value, MAX)).toThrow(TypeError);
  });

  test('that contains itself is a TypeError', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(() => encodeMessage(loop, MAX)).toThrow(TypeError);
  });

  test('torn anywhere is refused', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), (value, at) => {
        const line = body(encodeMessage(value, 1e6));
        const length = at % line.length;
        // Without its closing space a number is as whole as it was.
        if (length === 0 || line.subarray(length).toString().trim() === '') return;
        expect(() => decode(Buffer.from(line.subarray(0, length)))).toThrow(NamedPipeError);
      }),
    );
  });

  test('is measured in bytes, and fits exactly', () => {
    expect(encodeMessage('üü', 6)).toBe('"üü"\n');
    expect(() => encodeMessage('üüü', 6)).toThrow(expect.objectContaining({ code: 'CCB_PIPE_TOO_LARGE' }));
    expect(() => encodeMessage('x'.repeat(MAX), MAX)).toThrow(/1002 bytes exceeds the limit of 1000/);
  });

  test.each([
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['an overlong form', Buffer.from([0x22, 0xc0, 0x80, 0x22])],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['no JSON', Buffer.from('nonsense')],
    ['a number without its closing space', Buffer.from('12')],
  ])('of %s is invalid', (_what, line) => {
    expect(() => decode(line)).toThrow(expect.objectContaining({ code: 'CCB_PIPE_INVALID' }));
  });

  test('of more values than are allowed is refused before it is parsed, whatever its texts hold', () => {
    const limited = (line: string): unknown => decodeMessage(Buffer.from(line), (value) => value, 100);
    const entries = (count: number): string => `[${Array(count).fill('{}').join(',')}]`;
    // The list itself, then an object and a comma each.
    expect(limited(entries(50))).toHaveLength(50);
    for (const line of [
      entries(51),
      '['.repeat(101) + ']'.repeat(101),
      `{${'"a":1,'.repeat(101)}"b":2}`,
      '['.repeat(500),
    ])
      expect(() => limited(line)).toThrow(expect.objectContaining({ code: 'CCB_PIPE_TOO_LARGE' }));
    const text = '[{,'.repeat(100) + '\\"'.repeat(3);
    expect(limited(JSON.stringify([text, text]))).toEqual([text, text]);
  });

  test('is invalid, with the cause, when parse refuses it', () => {
    const cause = new Error('no such command');
    const parse = (): never => {
      throw cause;
    };
    expect(() => decodeMessage(Buffer.from('{}'), parse)).toThrow(
      expect.objectContaining({ code: 'CCB_PIPE_INVALID', cause }),
    );
  });

  test('is not quoted in the error that refuses it', () => {
    const message = (() => {
      try {
        decode(Buffer.from('secret-token'));
      } catch (error) {
        return String(error);
      }
    })();
    expect(message).not.toContain('secret');
  });
});
