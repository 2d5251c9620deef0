import { isTorn, type Mark, markOf, NEWLINE, parseLine, seqOf, typeOf } from './line.ts';
import { readFully } from './owned-file.ts';
import { SparseIndex } from './sparse-index.ts';

const WINDOW_BYTES = 256 * 1024;
const MAX_SALVAGED = 20_000;

/** What a segment's file really holds. */
export interface Scan {
  /** Last line of the contiguous run from the start of the file; first - 1 when there is none. */
  readonly last: number;
  /** Bytes of that run. */
  readonly bytes: number;
  readonly index: SparseIndex;
  /** What follows the run: nothing, the beginning of the next line, or what nobody wrote. */
  readonly rest: 'none' | 'torn' | 'broken';
  /** Begins and ends found behind the damage, the newest of them. */
  readonly salvaged: readonly Mark[];
}

/**
 * Reads the first `size` bytes of a segment, checking the head of each line; begins, ends and the last line are
 * parsed whole.
 */
export function scan(fd: number, size: number, first: number, indexStep: number, onMark: (mark: Mark) => void): Scan {
  const index = new SparseIndex(indexStep);
  const salvaged: Mark[] = [];
  let window = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  let filled = 0;
  let base = 0;
  let next = first;
  let bytes = 0;
  let lastLine = 0;
  let broken = false;

  const take = (view: Buffer, start: number, end: number): boolean => {
    const seq = seqOf(view, start, end);
    if (seq === 0 || (!broken && seq !== next)) return false;
    if (typeOf(view, start) === 'event') return !broken;
    const mark = markOf(view, start, end, seq);
    if (!mark) return false;
    if (!broken) onMark(mark);
    else if (salvaged.push(mark) === MAX_SALVAGED) salvaged.splice(0, MAX_SALVAGED / 2);
    return !broken;
  };

  for (;;) {
    const wanted = Math.min(window.length, size - base);
    filled += readFully(fd, window.subarray(filled, wanted), base + filled);
    const atEnd = filled < wanted || base + filled === size;
    const view = window.subarray(0, filled);
    // JSON escapes NUL: where one stands, something else than the journal wrote.
    let nul = view.indexOf(0);
    let start = 0;
    for (let end = view.indexOf(NEWLINE); end >= 0; end = view.indexOf(NEWLINE, start)) {
      if (nul >= 0 && nul < start) nul = view.indexOf(0, start);
      const whole = nul < 0 || nul > end;
      if (whole && take(view, start, end)) {
        lastLine = base + start;
        index.add(next, lastLine);
        bytes = base + end + 1;
        next++;
      } else {
        broken = true;
      }
      start = end + 1;
    }
    if (atEnd) {
      const tail = view.subarray(start);
      if (!broken && bytes > 0 && !parses(fd, lastLine, bytes - 1)) {
        index.cut(next - 1);
        return { last: next - 2, bytes: lastLine, index, rest: 'broken', salvaged };
      }
      let rest: Scan['rest'] = tail.length === 0 ? 'none' : 'torn';
      if (broken || (rest === 'torn' && !isTorn(tail, next))) rest = 'broken';
      return { last: next - 1, bytes, index, rest, salvaged };
    }
    if (start === 0) window = Buffer.concat([window], window.length * 2);
    else window.copyWithin(0, start, filled);
    filled -= start;
    base += start;
  }
}

function parses(fd: number, start: number, end: number): boolean {
  const line = Buffer.allocUnsafe(end - start);
  return readFully(fd, line, start) === line.length && parseLine(line) !== undefined;
}
