/** The last bytes of a stream, in memory of at most twice the limit. */
export class Tail {
  readonly #limit: number;
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(bytes: Uint8Array): void {
    const kept = bytes.subarray(Math.max(0, bytes.length - this.#limit));
    if (this.#length + kept.length > this.#buffer.length) this.#makeRoom(kept.length);
    this.#buffer.set(kept, this.#length);
    this.#length += kept.length;
  }

  /** UTF-8, from the first whole character on. */
  toString(): string {
    let start = Math.max(0, this.#length - this.#limit);
    if (start > 0) while (start < this.#length && isContinuation(this.#buffer[start])) start += 1;
    return this.#buffer.toString('utf8', start, this.#length);
  }

  #makeRoom(more: number): void {
    const start = Math.max(0, this.#length - this.#limit);
    const kept = this.#buffer.subarray(start, this.#length);
    const wanted = Math.min(2 * this.#limit, Math.max(1024, 2 * (kept.length + more)));
    if (wanted > this.#buffer.length) {
      const larger = Buffer.alloc(wanted);
      larger.set(kept);
      this.#buffer = larger;
    } else {
      this.#buffer.copyWithin(0, start, this.#length);
    }
    this.#length = kept.length;
  }
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
