import type { Mark } from './mark.ts';

const PREFIX: Buffer = Buffer.from('\x1b]133;', 'latin1');
const BEL = 7;
/** Ours are shorter; an escape sequence that is longer is none of ours, and is not waited for. */
const LONGEST = 512;

/** What the splitter finds, in the order of the bytes. */
export interface MarkSink {
  data(bytes: Buffer): void;
  mark(mark: Mark): void;
}

/**
 * Tells our marks from the output around them, whatever the chunks. A mark without the nonce, cut off or wrapped around
 * another one, is output.
 */
export class MarkSplitter {
  readonly #sink: MarkSink;
  #key = '';
  #rest: Buffer | undefined;

  constructor(sink: MarkSink) {
    this.#sink = sink;
  }

  /** What the marks of the next launch carry. */
  set nonce(nonce: string) {
    this.#key = `k=${nonce}`;
  }

  /** The chunk is kept where it ends amid what may be a mark. */
  push(chunk: Buffer): void {
    let bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    for (;;) {
      const start = bytes.indexOf(PREFIX);
      if (start === -1) {
        const held = beginning(bytes);
        this.#data(bytes.subarray(0, bytes.length - held));
        if (held > 0) this.#rest = bytes.subarray(bytes.length - held);
        return;
      }
      this.#data(bytes.subarray(0, start));
      const end = endOf(bytes, start + PREFIX.length);
      if (end === undefined) {
        this.#rest = bytes.subarray(start);
        return;
      }
      const mark = bytes[end] === BEL ? this.#parse(bytes.toString('latin1', start + PREFIX.length, end)) : undefined;
      // What looks like a mark may have a true one inside.
      const next = mark === undefined ? start + 1 : end + 1;
      if (mark === undefined) this.#data(bytes.subarray(start, next));
      else this.#sink.mark(mark);
      bytes = bytes.subarray(next);
    }
  }

  /** No more bytes come: what was held back is output. */
  flush(): void {
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) this.#data(rest);
  }

  #data(bytes: Buffer): void {
    if (bytes.length > 0) this.#sink.data(bytes);
  }

  #parse(body: string): Mark | undefined {
    const [kind = '', ...fields] = body.split(';');
    if (fields.pop() !== this.#key) return undefined;
    return { kind, fields };
  }
}

/** Where the first control character is, or where it is too long for a mark; undefined: not yet to be said. */
function endOf(bytes: Buffer, from: number): number | undefined {
  const limit = Math.min(bytes.length, from + LONGEST);
  for (let at = from; at < limit; at += 1) if ((bytes[at] as number) < 0x20) return at;
  return limit === bytes.length ? undefined : limit;
}

/** How many bytes at the end may begin a mark. */
function beginning(bytes: Buffer): number {
  for (let held = Math.min(PREFIX.length - 1, bytes.length); held > 0; held -= 1) {
    if (bytes.subarray(bytes.length - held).equals(PREFIX.subarray(0, held))) return held;
  }
  return 0;
}
