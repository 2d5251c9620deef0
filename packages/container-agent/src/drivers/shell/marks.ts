/** A line that bash itself wrote about its progress. */
export interface Mark {
  /** Which request it answers. */
  readonly serial: number;
  readonly status: number;
  /** The working directory as the shell names it; empty where PWD was unset. */
  readonly directory: string;
}

/** A mark is below 5 KiB; what grows beyond this without an end is not one. */
const MAX_PENDING_BYTES = 64 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Finds the marks in what arrives on their FIFO: `<nonce>.<serial> <status> <directory>`, ended by a NUL. Anything
 * without the nonce is not ours and skipped, also when it stands before a mark.
 */
export class MarkReader {
  readonly #prefix: string;
  #pending: Buffer = NOTHING;

  constructor(nonce: string) {
    this.#prefix = `${nonce}.`;
  }

  push(chunk: Buffer): readonly Mark[] {
    const marks: Mark[] = [];
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
      const mark = this.#parse(bytes.toString('utf8', start, end));
      if (mark) marks.push(mark);
      start = end + 1;
    }
    this.#pending = bytes.length - start > MAX_PENDING_BYTES ? NOTHING : Buffer.from(bytes.subarray(start));
    return marks;
  }

  #parse(line: string): Mark | undefined {
    const start = line.indexOf(this.#prefix);
    if (start < 0) return undefined;
    const match = /^(\d+) (\d+) (.*)$/s.exec(line.slice(start + this.#prefix.length));
    if (!match) return undefined;
    const [, serial, status, directory] = match;
    return { serial: Number(serial), status: Number(status), directory: directory ?? '' };
  }
}
