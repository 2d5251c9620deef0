import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineSplitter } from './splitter.ts';

function split(chunks: readonly Buffer[], limit = 1000): { lines: string[]; oversized: number[] } {
  const lines: string[] = [];
  const oversized: number[] = [];
  const splitter = new LineSplitter(limit, {
    line: (line) => lines.push(line.toString('latin1')),
    oversized: (bytes) => oversized.push(bytes),
  });
  for (const chunk of chunks) splitter.push(chunk);
  return { lines, oversized };
}

describe('LineSplitter', () => {
  test('gives the same lines wherever the bytes are cut', () => {
    const bytes = Buffer.from('{"a":"ü"}\n\n"\u2028"\nSYN x\n12 \nrest', 'utf8');
    const whole = split([bytes]);
    expect(whole.lines).toHaveLength(5);
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second++) {
        const chunks = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
        expect(split(chunks)).toEqual(whole);
      }
    }
  });

  test('gives the same lines byte by byte, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (array) => {
        const bytes = Buffer.from(array.map((byte) => (byte % 5 === 0 ? 10 : byte)));
        const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
        expect(split(single, 8)).toEqual(split([bytes], 8));
      }),
    );
  });

  test('takes a line of exactly the limit, and drops one byte more with its size', () => {
    const bytes = Buffer.from(`${'x'.repeat(8)}\n${'y'.repeat(9)}\nz\n`);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const result = split([bytes.subarray(0, cut), bytes.subarray(cut)], 8);
      expect(result).toEqual({ lines: ['xxxxxxxx', 'z'], oversized: [9] });
    }
  });

  test('tells where the chunk goes on behind a line', () => {
    const rests: string[] = [];
    const splitter = new LineSplitter(100, {
      line: (_line, chunk, next) => rests.push(chunk.toString('latin1', next)),
      oversized: () => {},
    });
    splitter.push(Buffer.from('on'));
    splitter.push(Buffer.from('e\ntwo\nthree'));
    expect(rests).toEqual(['two\nthree', 'three']);
  });

  test('forgets half a line when told', () => {
    const lines: string[] = [];
    const splitter = new LineSplitter(100, { line: (line) => lines.push(line.toString()), oversized: () => {} });
    splitter.push(Buffer.from('half'));
    splitter.reset();
    splitter.push(Buffer.from('whole\n'));
    expect(lines).toEqual(['whole']);
  });
});
