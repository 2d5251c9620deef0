const NEWLINE = 10;

/** Bytes in any pieces in, lines with their newline out; a longer line comes in pieces of `maxBytes`. */
export class LineSplitter {
  readonly #maxBytes: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The chunk's memory may be reused once the lines are. */
  push(bytes: Uint8Array): readonly Buffer[] {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const lines: Buffer[] = [];
    let start = 0;
    while (start < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, start);
      const whole = newline < 0 ? chunk.length : newline + 1;
      const end = Math.min(whole, start + this.#maxBytes - this.#pendingBytes);
      const piece = chunk.subarray(start, end);
      start = end;
      if ((newline >= 0 && end === whole) || this.#pendingBytes + piece.length === this.#maxBytes) {
        lines.push(this.#take(piece));
      } else {
        this.#pending.push(Buffer.from(piece));
        this.#pendingBytes += piece.length;
      }
    }
    return lines;
  }

  /** What there is of a last line without a newline. */
  end(): Buffer {
    return this.#take(Buffer.alloc(0));
  }

  #take(last: Buffer): Buffer {
    if (this.#pending.length === 0) return last;
    const line = Buffer.concat([...this.#pending, last]);
    this.#pending = [];
    this.#pendingBytes = 0;
    return line;
  }
}
