const NEWLINE = 0x0a;

/** Cuts a stream of bytes into lines of UTF-8. A line that is longer than the limit is dropped whole. */
export class LineReader {
  readonly #take: (line: string) => void;
  readonly #tooLong: (bytes: number) => void;
  readonly #limit: number;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(take: (line: string) => void, tooLong: (bytes: number) => void, limitBytes: number) {
    this.#take = take;
    this.#tooLong = tooLong;
    this.#limit = limitBytes;
  }

  /** The chunk is kept until its line's end. */
  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#append(chunk.subarray(start, end));
      this.#finish();
      start = end + 1;
    }
    if (start < chunk.length) this.#append(chunk.subarray(start));
  }

  /** The end of the stream: what has no newline yet is a line too. */
  end(): void {
    if (this.#length > 0) this.#finish();
  }

  #append(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#limit) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  #finish(): void {
    const [parts, length] = [this.#parts, this.#length];
    this.#parts = [];
    this.#length = 0;
    if (length > this.#limit) this.#tooLong(length);
    else if (parts.length === 1) this.#take((parts[0] as Buffer).toString('utf8'));
    else this.#take(Buffer.concat(parts).toString('utf8'));
  }
}
