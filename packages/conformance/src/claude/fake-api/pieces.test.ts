import fc from 'fast-check';
import { expect, test } from 'vitest';
import { piecesOf } from './pieces.ts';

test('the pieces joined are the text, and no piece cuts a character in two', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 2_000 }), (text) => {
      const pieces = piecesOf(text);
      expect(pieces.join('')).toBe(text);
      for (const piece of pieces) expect(new TextDecoder().decode(new TextEncoder().encode(piece))).toBe(piece);
    }),
    { seed: 1 },
  );
});

test('a long text comes in at most a hundred pieces', () => {
  expect(piecesOf('x'.repeat(1_000_000)).length).toBeLessThanOrEqual(100);
});

test('pieces end in the middle of lines', () => {
  expect(piecesOf('1\n2\n3\n4\n5\n')).toEqual(['1', '\n2\n3\n4\n', '5\n']);
});
