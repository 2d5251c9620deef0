import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Tail } from './tail.ts';

describe('Tail', () => {
  test('is the last bytes, whatever the pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 50 })), (pieces) => {
        const tail = new Tail(32);
        for (const piece of pieces) tail.push(Buffer.from(piece));
        expect(tail.toString()).toBe(pieces.join('').slice(-32));
      }),
      { seed: 9 },
    );
  });

  test('begins with a whole character', () => {
    const tail = new Tail(4);
    tail.push(Buffer.from('aäöü'));
    tail.push(Buffer.from('x'));
    expect(tail.toString()).toBe('üx');
  });

  test('is empty at first', () => {
    expect(new Tail(8).toString()).toBe('');
  });
});
