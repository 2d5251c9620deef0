import { describe, expect, it } from 'vitest';
import { MarkReader } from './marks.ts';

const read = (nonce: string, chunks: readonly Buffer[]): unknown[] => {
  const reader = new MarkReader(nonce);
  return chunks.flatMap((chunk) => [...reader.push(chunk)]);
};

describe('MarkReader', () => {
  const bytes = Buffer.from('abc.1 0 /tmp\0abc.2 130 /a dir\nwith é\0abc.3 7 \0');
  const marks = [
    { serial: 1, status: 0, directory: '/tmp' },
    { serial: 2, status: 130, directory: '/a dir\nwith é' },
    { serial: 3, status: 7, directory: '' },
  ];

  it('finds the same marks on every split', () => {
    for (let first = 0; first <= bytes.length; first += 1) {
      for (let second = first; second <= bytes.length; second += 1) {
        expect(read('abc', [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)])).toEqual(
          marks,
        );
      }
    }
  });

  it('skips what does not carry the nonce, and what is malformed', () => {
    expect(read('abc', [Buffer.from('xyz.1 0 /tmp\0abc.x 0 /\0abc.1 0\0\0noise')])).toEqual([]);
  });

  it('finds a mark behind noise that was not ended', () => {
    expect(read('abc', [Buffer.from('noise abc.4 1 /tmp\0')])).toEqual([{ serial: 4, status: 1, directory: '/tmp' }]);
  });

  it('does not keep endless noise', () => {
    const reader = new MarkReader('abc');
    for (let index = 0; index < 100; index += 1) reader.push(Buffer.alloc(60_000, 'x'));
    reader.push(Buffer.from('\0'));
    expect(reader.push(Buffer.from('abc.5 0 /\0'))).toEqual([{ serial: 5, status: 0, directory: '/' }]);
  });

  it('does not keep the chunk it was given', () => {
    const reader = new MarkReader('abc');
    const chunk = Buffer.from('abc.6 0 /t');
    reader.push(chunk);
    chunk.fill(0);
    expect(reader.push(Buffer.from('mp\0'))).toEqual([{ serial: 6, status: 0, directory: '/tmp' }]);
  });
});
