import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineSplitter } from './line-splitter.ts';
import { cutAt } from './testing/frames.ts';

function split(chunks: readonly Uint8Array[], maxBytes: number): readonly string[] {
  const splitter = new LineSplitter(maxBytes);
  const lines = chunks.flatMap((chunk) => splitter.push(chunk).map(String));
  const last = splitter.end().toString();
  return last === '' ? lines : [...lines, last];
}

describe('LineSplitter', () => {
  test('splits after each newline', () => {
    expect(split([Buffer.from('a\n\nb\r\nc')], 100)).toEqual(['a\n', '\n', 'b\r\n', 'c']);
  });

  test('gives a longer line in pieces', () => {
    expect(split([Buffer.from('123456789\nab\n1234\n')], 4)).toEqual(['1234', '5678', '9\n', 'ab\n', '1234', '\n']);
  });

  test('gives the same lines, whatever the chunks', () => {
    const texts = fc.array(fc.constantFrom('a', 'bc', '\n', 'ä'), { maxLength: 60 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, fc.array(fc.nat(), { maxLength: 10 }), (content, cuts) => {
        const bytes = Buffer.from(content);
        expect(split(cutAt(bytes, cuts), 5)).toEqual(split([bytes], 5));
        expect(split(cutAt(bytes, cuts), 1000)).toEqual(content.split(/(?<=\n)/).filter((line) => line !== ''));
      }),
      { seed: 10, numRuns: 300 },
    );
  });

  test('keeps nothing of a chunk whose memory is used again', () => {
    const splitter = new LineSplitter(100);
    const memory = Buffer.from('half');
    splitter.push(memory);
    memory.fill('x');
    expect(splitter.push(Buffer.from(' a line\n')).map(String)).toEqual(['half a line\n']);
  });
});
