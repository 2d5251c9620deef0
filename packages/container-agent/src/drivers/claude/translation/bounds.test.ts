import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bounded, clipped, maxFieldBytes, piecesOf, titleLine } from './bounds.ts';

const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

test('leaves alone what is small', () => {
  const value = { a: [1, 'two', null] };
  expect(bounded(value)).toBe(value);
});

test('cuts a long text and says how much was left out', () => {
  expect(bounded({ stdout: 'x'.repeat(100_000), code: 0 })).toEqual({
    stdout: `${'x'.repeat(24_000)}… [76000 characters left out]`,
    code: 0,
  });
});

test('cuts long lists and wide objects', () => {
  const list = bounded(Array.from({ length: 100_000 }, (_, index) => index)) as unknown[];
  expect(list.at(-1)).toBe(`… [${100_000 - list.length + 1} entries left out]`);
  const wide = bounded(Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, index])));
  expect(Object.keys(wide as object)).toContain('…');
});

test('cuts what is too deep to be written', () => {
  const deep = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`) as unknown;
  expect(JSON.stringify(bounded(deep))).toContain('too deep');
});

test('whatever comes fits, and a text is never cut within a character', () => {
  const long = fc.string({ unit: 'binary', minLength: 0, maxLength: 40_000, size: 'max' });
  fc.assert(
    fc.property(
      fc.oneof(long, fc.array(long, { maxLength: 4 }), fc.dictionary(long, long, { maxKeys: 3 })),
      (value) => {
        const cut = bounded(value);
        expect(bytes(cut)).toBeLessThanOrEqual(maxFieldBytes);
        expect(JSON.stringify(cut)).not.toMatch(/\\ud[89a-f]/);
      },
    ),
    { seed: 7, numRuns: 20 },
  );
});

test('pieces joined are the text', () => {
  const text = '😀'.repeat(9_001);
  const pieces = [...piecesOf(text)];
  expect(pieces.join('')).toBe(text);
  expect(pieces.every((piece) => bytes(piece) < 60_000 && !/^[\udc00-\udfff]/.test(piece))).toBe(true);
});

test('a clipped text never ends within a character', () => {
  expect(clipped('ab😀cd', 3)).toBe('ab… [4 characters left out]');
  expect(titleLine(' \n  first \nsecond')).toBe('first');
});
