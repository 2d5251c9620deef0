const NEWLINE = 10;
const FIRST_CAPACITY = 4096;

export interface LineSink {
  /** `line`, without its newline, is valid during the call only. The chunk goes on at `next`. */
  line(line: Buffer, chunk: Buffer, next: number): void;
  /** A line of more than the limit has ended; it was dropped as it came. */
  oversized(bytes: number): void;
}

/** Bytes in, whole lines out. Holds at most one unfinished line, of at most `limit` bytes. */
export class LineSplitter {
  readonly #limit: number;
  readonly #sink: LineSink;
  #held: Buffer | undefined;
  #heldBytes = 0;
  #skippedBytes = 0;

  constructor(limit: number, sink: LineSink) {
    this.#limit = limit;
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const piece = chunk.subarray(start, end);
      start = end + 1;
      if (this.#heldBytes === 0 && this.#skippedBytes === 0 && piece.length <= this.#limit) {
        this.#sink.line(piece, chunk, start);
      } else {
        this.#finish(piece, chunk, start);
      }
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  /** Forgets the unfinished line. */
  reset(): void {
    this.#held = undefined;
    this.#heldBytes = 0;
    this.#skippedBytes = 0;
  }

  #finish(piece: Buffer, chunk: Buffer, next: number): void {
    this.#keep(piece);
    const { line, skipped } = { line: this.#held?.subarray(0, this.#heldBytes), skipped: this.#skippedBytes };
    this.reset();
    if (skipped > 0) this.#sink.oversized(skipped);
    else if (line) this.#sink.line(line, chunk, next);
  }

  #keep(piece: Buffer): void {
    const total = this.#heldBytes + piece.length;
    if (this.#skippedBytes > 0 || total > this.#limit) {
      this.#skippedBytes += total;
      this.#held = undefined;
      this.#heldBytes = 0;
      return;
    }
    if (!this.#held || this.#held.length < total) {
      const capacity = Math.max(FIRST_CAPACITY, Math.min(this.#limit, total * 2));
      const grown = Buffer.allocUnsafeSlow(capacity);
      this.#held?.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    piece.copy(this.#held, this.#heldBytes);
    this.#heldBytes = total;
  }
}
