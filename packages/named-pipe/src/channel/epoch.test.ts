import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeHello, encodeHello, helloFollows, newEpoch } from './epoch.ts';

const line = (hello: Buffer): Buffer => hello.subarray(1, -1);

describe('a hello', () => {
  test('carries both epochs on a line of its own, after a newline that ends a torn one', () => {
    const [epoch, names] = [newEpoch(), newEpoch()];
    const bytes = encodeHello(epoch, names);
    expect(bytes[0]).toBe(10);
    expect(bytes.at(-1)).toBe(10);
    expect(decodeHello(line(bytes))).toEqual({ epoch, names });
    expect(decodeHello(line(encodeHello(epoch, undefined)))).toEqual({ epoch, names: undefined });
  });

  test('is nothing less, and nothing that JSON could be', () => {
    const whole = line(encodeHello(newEpoch(), newEpoch()));
    for (let length = 0; length < whole.length; length++)
      expect(decodeHello(whole.subarray(0, length))).toBeUndefined();
    fc.assert(fc.property(fc.json(), (text) => decodeHello(Buffer.from(text)) === undefined));
  });

  test('is seen coming', () => {
    const bytes = Buffer.concat([Buffer.from('torn'), encodeHello(newEpoch(), undefined)]);
    expect(helloFollows(bytes, 5)).toBe(true);
    expect(helloFollows(bytes, 4)).toBe(false);
    expect(helloFollows(bytes, bytes.length)).toBe(false);
  });

  test('never repeats an epoch', () => {
    expect(new Set(Array.from({ length: 1000 }, newEpoch)).size).toBe(1000);
  });
});
