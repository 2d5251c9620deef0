import { JournalBrokenError } from './errors.ts';
import { NEWLINE } from './line.ts';
import { readFully } from './owned-file.ts';
import type { SparseIndex } from './sparse-index.ts';

const NAME = /^(\d{16})\.log$/;
const WINDOW_BYTES = 64 * 1024;

/** One file of the journal: whole lines with contiguous sequence numbers. */
export interface Segment {
  readonly path: string;
  readonly first: number;
  /** first - 1 while it is empty. */
  last: number;
  /** Position of its first byte in the journal. */
  start: number;
  size: number;
  readonly index: SparseIndex;
}

export function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(16, '0')}.log`;
}

/** The first sequence number that a file's name promises; undefined when it is no segment's name. */
export function firstSeqOf(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function endOf(segment: Segment): number {
  return segment.start + segment.size;
}

/** The position in the journal right after the line `seq`, which lies in this segment or right before it. */
export function positionAfter(segment: Segment, seq: number, fd: number): number {
  const from = segment.index.floor(seq + 1);
  if (!from) return segment.start;
  const window = Buffer.allocUnsafe(WINDOW_BYTES);
  let lines = seq + 1 - from.seq;
  let offset = from.offset;
  while (lines > 0) {
    const filled = readFully(fd, window.subarray(0, Math.min(window.length, segment.size - offset)), offset);
    if (filled === 0) throw new JournalBrokenError(segment.path, `it ends before the line ${seq}`);
    const view = window.subarray(0, filled);
    let at = 0;
    for (let end = view.indexOf(NEWLINE); end >= 0 && lines > 0; end = view.indexOf(NEWLINE, at)) {
      at = end + 1;
      lines--;
    }
    offset += lines > 0 ? filled : at;
  }
  return segment.start + offset;
}

/** A position not beyond that of the line after `seq`, found without reading: one index step early at most. */
export function floorAfter(segment: Segment, seq: number): number {
  if (seq >= segment.last) return endOf(segment);
  return segment.start + (segment.index.floor(seq + 1)?.offset ?? 0);
}
