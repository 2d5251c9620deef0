import { describe, expect, it } from 'vitest';
import { LineReader } from './line-reader.ts';

function read(chunks: readonly Uint8Array[], limit = 1_000): { lines: string[]; dropped: number[] } {
  const lines: string[] = [];
  const dropped: number[] = [];
  const reader = new LineReader(
    (line) => lines.push(line),
    (bytes) => dropped.push(bytes),
    limit,
  );
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  reader.end();
  return { lines, dropped };
}

describe('LineReader', () => {
  const bytes = Buffer.from('{"a":"é漢😀"}\n\n{"b":1}\r\nlast');
  const lines = ['{"a":"é漢😀"}', '', '{"b":1}\r', 'last'];

  it('gives the same lines on every split in up to three, and byte by byte', () => {
    for (let first = 0; first <= bytes.length; first += 1) {
      for (let second = first; second <= bytes.length; second += 1) {
        const chunks = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
        expect(read(chunks).lines).toEqual(lines);
      }
    }
    expect(read([...bytes].map((byte) => Uint8Array.of(byte))).lines).toEqual(lines);
  });

  it('drops a line beyond the limit whole, and goes on with the next', () => {
    const chunks = ['short\n', 'x'.repeat(6), 'x'.repeat(6), 'x\nnext\n'].map((text) => Buffer.from(text));
    expect(read(chunks, 10)).toEqual({ lines: ['short', 'next'], dropped: [13] });
  });
});
