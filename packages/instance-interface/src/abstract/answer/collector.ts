import { constants } from 'node:buffer';

export const defaultMaxOutputBytes: number = 16 * 1024 * 1024;
/** A string of so many UTF-8 bytes always fits into V8's longest string. */
export const greatestMaxOutputBytes: number = constants.MAX_STRING_LENGTH;

/** Joins text up to a number of UTF-8 bytes; cuts between characters, never inside one. */
export class Collector {
  readonly #pieces: string[] = [];
  #bytesLeft: number;
  #truncated = false;

  constructor(maxBytes: number) {
    this.#bytesLeft = maxBytes;
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  add(text: string): void {
    if (this.#truncated) return;
    const bytes = Buffer.byteLength(text);
    if (bytes <= this.#bytesLeft) {
      this.#bytesLeft -= bytes;
      this.#pieces.push(text);
      return;
    }
    this.#truncated = true;
    const { read } = new TextEncoder().encodeInto(text, new Uint8Array(this.#bytesLeft));
    this.#pieces.push(text.slice(0, read));
  }

  toString(): string {
    return this.#pieces.join('');
  }
}
