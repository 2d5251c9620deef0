import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DecodedPiece, Utf8Decoder } from './utf8-decoder.ts';

const atOnce = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

function decodeAll(chunks: readonly Uint8Array[]): DecodedPiece[] {
  const decoder = new Utf8Decoder();
  return [...chunks.flatMap((chunk) => decoder.push(Buffer.from(chunk))), ...decoder.flush()];
}

const textOf = (pieces: readonly DecodedPiece[]): string => pieces.map((piece) => piece.text).join('');

const bytesOf = (pieces: readonly DecodedPiece[]): Buffer =>
  Buffer.concat(
    pieces.map((piece) => (piece.bytes === undefined ? Buffer.from(piece.text) : Buffer.from(piece.bytes, 'base64'))),
  );

function expectExact(bytes: Uint8Array, chunks: readonly Uint8Array[]): void {
  const pieces = decodeAll(chunks);
  expect(textOf(pieces)).toBe(atOnce(bytes));
  expect(bytesOf(pieces).equals(bytes)).toBe(true);
  for (const { text, bytes: raw } of pieces) {
    expect(text).not.toBe('');
    if (raw !== undefined) expect(Buffer.from(text).equals(Buffer.from(raw, 'base64'))).toBe(false);
  }
}

const awkward: Readonly<Record<string, Uint8Array>> = {
  'ASCII with NUL and controls': Buffer.from('a\0\r\n\x1b[0m\x7f'),
  'two, three and four bytes': Buffer.from('é€😀ß漢🏳️‍🌈'),
  'a byte order mark, kept': Buffer.from('\ufeffa\ufeff'),
  'U+FFFD itself': Buffer.from('a\ufffdb'),
  'the ends of the ranges': Buffer.from('\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}'),
  'lone continuation bytes': Buffer.from([0x80, 0xbf, 0x61, 0x80, 0x80, 0x80, 0x80]),
  'overlong forms': Buffer.from([
    0xc0, 0xaf, 0xc1, 0xbf, 0xe0, 0x80, 0xaf, 0xe0, 0x9f, 0xbf, 0xf0, 0x80, 0x80, 0xaf, 0xf0, 0x8f, 0xbf, 0xbf,
  ]),
  surrogates: Buffer.from([0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80, 0xed, 0x9f, 0xbf]),
  'above U+10FFFF': Buffer.from([0xf4, 0x90, 0x80, 0x80, 0xf5, 0x80, 0x80, 0x80, 0xfe, 0xff]),
  'cut short, then ASCII': Buffer.from([0xe2, 0x82, 0x61, 0xf0, 0x9f, 0x98, 0x62, 0xc3, 0x63]),
  'cut short, then another lead': Buffer.from([
    0xf0, 0x9f, 0xe2, 0x82, 0xc3, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0xf0, 0x9f, 0x98, 0x80,
  ]),
  'cut short at the end': Buffer.from([0x61, 0xf0, 0x9f, 0x98]),
};

describe('Utf8Decoder', () => {
  for (const [name, bytes] of Object.entries(awkward)) {
    it(`decodes ${name} alike on every split in up to three, and byte by byte`, () => {
      for (let first = 0; first <= bytes.length; first += 1) {
        for (let second = first; second <= bytes.length; second += 1) {
          expectExact(bytes, [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]);
        }
      }
      expectExact(
        bytes,
        [...bytes].map((byte) => Uint8Array.of(byte)),
      );
    });
  }

  it('decodes any bytes in any chunks as TextDecoder does at once, and loses none', () => {
    // Bytes that matter are far likelier than uniform ones to meet.
    const byte = fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2, 0xe0, 0xe2, 0xed, 0xf0, 0xf4),
    );
    const chunks = fc.array(
      fc.array(byte, { maxLength: 6 }).map((values) => Uint8Array.from(values)),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(chunks, (parts) => expectExact(Buffer.concat(parts), parts)),
      { numRuns: 3_000, seed: 20_240_601 },
    );
  });

  it('gives text alone where the bytes are UTF-8, though characters are cut', () => {
    const bytes = Buffer.from('naïve 漢字 😀'.repeat(50));
    const pieces = decodeAll([...bytes].map((byte) => Uint8Array.of(byte)));
    expect(pieces.every((piece) => piece.bytes === undefined)).toBe(true);
  });

  it('holds back at most the three bytes of an unfinished character, which flush gives up on', () => {
    const decoder = new Utf8Decoder();
    expect(decoder.push(Buffer.from([0x61, 0xf0, 0x9f, 0x98]))).toEqual([{ text: 'a' }]);
    expect(decoder.flush()).toEqual([{ text: '\ufffd', bytes: '8J+Y' }]);
    expect(decoder.push(Buffer.from('b'))).toEqual([{ text: 'b' }]);
    expect(decoder.flush()).toEqual([]);
  });

  it('does not keep the chunk it was given', () => {
    const decoder = new Utf8Decoder();
    const chunk = Buffer.from([0x61, 0xe2, 0x82]);
    decoder.push(chunk);
    chunk.fill(0);
    expect(decoder.push(Buffer.from([0xac]))).toEqual([{ text: '€' }]);
  });

  it('cuts bytes that are not UTF-8 into pieces below 64 KiB of JSON, also the costliest', () => {
    const bytes = Buffer.alloc(200_000, 1);
    bytes[100_000] = 0xff;
    const noise = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919 + (index >> 3)) % 256));
    for (const input of [bytes, noise]) {
      const pieces = decodeAll([input]);
      expect(bytesOf(pieces).equals(input)).toBe(true);
      expect(textOf(pieces)).toBe(atOnce(input));
      for (const piece of pieces) expect(Buffer.byteLength(JSON.stringify(piece))).toBeLessThan(64 * 1024);
    }
  });
});
