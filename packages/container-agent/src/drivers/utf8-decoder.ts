import buffer from 'node:buffer';
import { TextDecoder } from 'node:util';

/** `bytes`: base64 of all bytes of this piece, only where they are not UTF-8. */
export interface DecodedPiece {
  readonly text: string;
  readonly bytes?: string | undefined;
}

/**
 * Not UTF-8: cut so that text and bytes of one piece, both as JSON, stay below 64 KiB at the worst (six characters for
 * each control byte, four thirds for base64).
 */
const INVALID_PIECE_BYTES = 8 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);

// Node 18.15 has both; before it the slow ways do.
const isAscii: (bytes: Buffer) => boolean = buffer.isAscii ?? ((): boolean => false);
const strict: TextDecoder = new TextDecoder('utf-8', { fatal: true });
const isUtf8: (bytes: Buffer) => boolean = buffer.isUtf8 ?? isUtf8ByDecoding;

/**
 * Turns a stream of bytes into text, piece by piece; a character that is cut by a chunk's end waits for its rest. The
 * texts joined are what `new TextDecoder('utf-8', { ignoreBOM: true })` makes of all bytes at once, whatever the chunks:
 * one U+FFFD for each maximal invalid part. The bytes can always be had back: of `bytes` where present, else of `text`.
 */
export class Utf8Decoder {
  #carry: Buffer = NOTHING;

  /** The chunk is not kept: its memory may be reused afterwards. */
  push(chunk: Buffer): readonly DecodedPiece[] {
    if (chunk.length === 0) return [];
    if (this.#carry.length === 0 && isAscii(chunk)) return [{ text: chunk.toString('latin1') }];
    const bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    const complete = bytes.length - unfinished(bytes);
    this.#carry = complete === bytes.length ? NOTHING : Buffer.from(bytes.subarray(complete));
    return complete === 0 ? [] : decode(bytes.subarray(0, complete));
  }

  /** The end of the stream, or of a part of it: what waits for its rest will not get it. */
  flush(): readonly DecodedPiece[] {
    const rest = this.#carry;
    this.#carry = NOTHING;
    return rest.length === 0 ? [] : [invalid(rest)];
  }
}

function decode(bytes: Buffer): readonly DecodedPiece[] {
  if (isUtf8(bytes)) return [{ text: bytes.toString('utf8') }];
  const pieces: DecodedPiece[] = [];
  let start = 0;
  while (start < bytes.length) {
    let end = Math.min(start + INVALID_PIECE_BYTES, bytes.length);
    if (end < bytes.length) end -= unfinished(bytes.subarray(start, end));
    const piece = bytes.subarray(start, end);
    pieces.push(isUtf8(piece) ? { text: piece.toString('utf8') } : invalid(piece));
    start = end;
  }
  return pieces;
}

function invalid(bytes: Buffer): DecodedPiece {
  return { text: bytes.toString('utf8'), bytes: bytes.toString('base64') };
}

/** How many bytes at the end begin a character that a further byte could continue: 0 to 3. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    if (back >= sequenceLength(byte)) return 0;
    return back === 1 || canFollow(byte, bytes[bytes.length - back + 1] as number) ? back : 0;
  }
  return 0;
}

/** 1 for a byte that begins nothing. */
function sequenceLength(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

/** Not overlong, no surrogate, not above U+10FFFF: decided by the second byte. */
function canFollow(lead: number, second: number): boolean {
  switch (lead) {
    case 0xe0:
      return second >= 0xa0;
    case 0xed:
      return second < 0xa0;
    case 0xf0:
      return second >= 0x90;
    case 0xf4:
      return second < 0x90;
    default:
      return true;
  }
}

function isUtf8ByDecoding(bytes: Buffer): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
