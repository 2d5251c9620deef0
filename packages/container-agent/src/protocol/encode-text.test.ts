import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeText, maxFrameBytes } from './encode-text.ts';

const at = '2026-01-01T00:00:00.000Z';

interface Line {
  readonly seq: number;
  readonly id: string;
  readonly event: { readonly text: string; readonly stream?: string; readonly late?: boolean };
}

function parsed(text: string, stream: 'stdout' | 'stderr' = 'stdout', late = false): readonly Line[] {
  const lines = encodeText(7, 'c', at, { text, stream, late });
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(maxFrameBytes);
  return lines.map((line) => {
    // Not JSON.parse of the buffer: a character cut in two would be mended silently.
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line)) as Line;
  });
}

describe('the lines of a text', () => {
  test('are one where it fits, with the stream only where it is not stdout', () => {
    expect(parsed('hi\n')).toEqual([{ type: 'event', seq: 7, id: 'c', at, event: { type: 'text', text: 'hi\n' } }]);
    expect(parsed('e', 'stderr', true)[0]?.event).toEqual({ type: 'text', text: 'e', stream: 'stderr', late: true });
  });

  test('are numbered in a row and joined are the text', () => {
    const lines = parsed('x'.repeat(200_000));
    expect(lines.map(({ seq }) => seq)).toEqual([7, 8, 9, 10]);
    expect(lines.map(({ event }) => event.text).join('')).toBe('x'.repeat(200_000));
  });

  test.each([
    ['a backslash', '\\'],
    ['a quote', '"'],
    ['a newline', '\n'],
    ['a control character', '\u0001'],
    ['two bytes', 'é'],
    ['three bytes', '漢'],
    ['four bytes', '🚀'],
    ['a lone surrogate', '\ud800'],
    ['an escaped backslash before a u', '\\u12'],
  ])('are never cut within %s, wherever it stands', (_, piece) => {
    for (let shift = 0; shift < 13; shift += 1) {
      const text = 'x'.repeat(shift) + piece.repeat(Math.ceil(70_000 / piece.length));
      expect(
        parsed(text)
          .map(({ event }) => event.text)
          .join(''),
      ).toBe(text);
    }
  });

  test('joined are any text', () => {
    const piece = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\\', '"', '\u0000', '\ud83d', '🚀', '\\u'));
    const text = fc
      .tuple(fc.nat(70_000), fc.array(piece, { maxLength: 50 }))
      .map(([n, parts]) => 'a'.repeat(n) + parts.join('').repeat(20));
    fc.assert(
      fc.property(text, (value) => {
        const joined = parsed(value)
          .map(({ event }) => event.text)
          .join('');
        expect(joined).toBe(value);
      }),
      { numRuns: 200 },
    );
  });
});
