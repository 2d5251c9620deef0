import { closeSync, constants, readSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, JournalBrokenError, JournalGapError } from './errors.ts';
import type { Lost } from './lost.ts';
import { createOwned, cutBack, openOwned, writeFully } from './owned-file.ts';
import { endOf, floorAfter, positionAfter, type Segment, segmentName } from './segment.ts';
import { SparseIndex } from './sparse-index.ts';

export interface ChainOptions {
  /** A segment with this many bytes is followed by a new one. */
  readonly segmentBytes: number;
  /** No file of the journal is larger. */
  readonly maxFileBytes: number;
  /** Bytes between two entries of a segment's index. */
  readonly indexStep: number;
}

/** The segments in their order: the last one is written, any one is read. Throws the system's errors besides its own. */
export class Chain {
  readonly #directory: string;
  readonly #options: ChainOptions;
  readonly #lost: Lost;
  readonly #segments: Segment[];
  /** Of the last segment, once something was appended to it. */
  #writer: number | undefined;
  #reader: { readonly segment: Segment; readonly fd: number } | undefined;
  #sealed: boolean;
  #torn = false;

  /** `sealed`: the last segment's file is not to be appended to. */
  constructor(directory: string, segments: Segment[], sealed: boolean, options: ChainOptions, lost: Lost) {
    this.#directory = directory;
    this.#segments = segments;
    this.#sealed = sealed;
    this.#options = options;
    this.#lost = lost;
  }

  /** Sequence number of the oldest line; undefined when there is no segment. */
  get first(): number | undefined {
    return this.#segments[0]?.first;
  }

  get tail(): number {
    const last = this.#segments.at(-1);
    return last ? endOf(last) : 0;
  }

  get bytes(): number {
    return this.tail - (this.#segments[0]?.start ?? 0);
  }

  /** Writes whole lines in one go; when that fails, none of them is in the file. `rolled`: they began a new segment. */
  append(lines: readonly Uint8Array[], bytes: number, firstSeq: number, lastSeq: number): { readonly rolled: boolean } {
    const before = this.#segments.length;
    const { segment, fd } = this.#room(bytes, firstSeq);
    if (this.#torn && !cutBack(fd, segment.size)) throw new JournalBrokenError(segment.path, 'it cannot be cut');
    this.#torn = false;
    try {
      writeFully(fd, lines, bytes, segment.size);
    } catch (error) {
      this.#torn = !cutBack(fd, segment.size);
      throw error;
    }
    grow(segment, bytes, firstSeq, lastSeq);
    return { rolled: this.#segments.length > before };
  }

  /** Where the file of a segment that starts with the line `seq` belongs. */
  pathOf(seq: number): string {
    return join(this.#directory, segmentName(seq));
  }

  /** Goes on with the file at `pathOf(seq)`, which holds that one line. */
  adopt(seq: number, bytes: number): void {
    this.#stopWriting();
    grow(this.#push(seq), bytes, seq, seq);
  }

  /** The position right after the line `seq`. @throws {JournalGapError} */
  positionAfter(seq: number): number {
    const segment = this.#holding(seq + 1);
    if (!segment) throw new JournalGapError(this.first ?? seq + 1, seq);
    return positionAfter(segment, seq, this.#open(segment));
  }

  /** A position not beyond that, found without reading. */
  floorAfter(seq: number): number {
    const segment = this.#holding(seq + 1);
    return segment ? floorAfter(segment, seq) : 0;
  }

  /** Bytes of one segment, from a position; 0 only at the tail. @throws {JournalGapError} @throws {JournalBrokenError} */
  read(at: number, into: Uint8Array): number {
    if (!(at >= 0 && at <= this.tail)) throw new RangeError(`Not a position: ${at}`);
    if (at === this.tail || into.length === 0) return 0;
    const segment = this.#segments.findLast(({ start, size }) => start <= at && size > 0);
    if (!segment) throw new JournalGapError(this.first as number);
    const length = Math.min(into.length, endOf(segment) - at);
    const read = readSync(this.#open(segment), into, 0, length, at - segment.start);
    if (read === 0) throw new JournalBrokenError(segment.path, 'it was made shorter');
    return read;
  }

  /** The oldest segments, never the last, that end with or before the line `seq` and at or before the position `at`. */
  upTo(seq: number, at: number): readonly Segment[] {
    const older = this.#segments.slice(0, -1);
    const kept = older.findIndex((segment) => segment.last > seq || endOf(segment) > at);
    return kept < 0 ? older : older.slice(0, kept);
  }

  /** Removes the oldest `count` segments. Returns the paths that would not go, with the reason. */
  drop(count: number): { readonly path: string; readonly code: string | undefined }[] {
    this.#stopReading();
    const stuck: { readonly path: string; readonly code: string | undefined }[] = [];
    for (const { path } of this.#segments.splice(0, count)) {
      try {
        unlinkSync(path);
      } catch (error) {
        const code = errnoOf(error);
        if (code !== 'ENOENT') stuck.push({ path, code });
      }
    }
    return stuck;
  }

  close(): void {
    this.#stopWriting();
    this.#stopReading();
  }

  #holding(seq: number): Segment | undefined {
    return this.#segments.findLast(({ first }) => first <= seq);
  }

  #room(bytes: number, firstSeq: number): { readonly segment: Segment; readonly fd: number } {
    const last = this.#segments.at(-1);
    if (last && !this.#sealed && (last.size === 0 || last.size + bytes <= this.#options.segmentBytes)) {
      this.#writer ??= this.#reopen(last);
      if (this.#writer !== undefined) return { segment: last, fd: this.#writer };
    }
    const fd = this.#create(firstSeq);
    this.#stopWriting();
    this.#writer = fd;
    return { segment: this.#push(firstSeq), fd };
  }

  /** Undefined when the file is no longer the one that was left: a new segment has to follow. */
  #reopen({ path, size }: Segment): number | undefined {
    try {
      const file = openOwned(path, constants.O_RDWR, this.#options.maxFileBytes);
      if (file?.size === size) return file.fd;
      if (file) closeSync(file.fd);
    } catch (error) {
      if (!(error instanceof JournalBrokenError)) throw error;
    }
    return undefined;
  }

  #create(firstSeq: number): number {
    try {
      return createOwned(this.pathOf(firstSeq));
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      this.#lost.take(segmentName(firstSeq), 'it has the name of the next segment');
      return createOwned(this.pathOf(firstSeq));
    }
  }

  /** The new last segment, in the place of an empty one with the same first line. */
  #push(first: number): Segment {
    if (this.#segments.at(-1)?.first === first) this.#segments.pop();
    this.#stopReading();
    const index = new SparseIndex(this.#options.indexStep);
    const segment = { path: this.pathOf(first), first, last: first - 1, start: this.tail, size: 0, index };
    this.#segments.push(segment);
    this.#sealed = false;
    this.#torn = false;
    return segment;
  }

  #open(segment: Segment): number {
    if (this.#writer !== undefined && segment === this.#segments.at(-1)) return this.#writer;
    if (this.#reader?.segment === segment) return this.#reader.fd;
    this.#stopReading();
    const file = openOwned(segment.path, constants.O_RDONLY, this.#options.maxFileBytes);
    if (!file) throw new JournalBrokenError(segment.path, 'it was removed');
    this.#reader = { segment, fd: file.fd };
    return file.fd;
  }

  #stopWriting(): void {
    if (this.#writer !== undefined) closeSync(this.#writer);
    this.#writer = undefined;
  }

  #stopReading(): void {
    if (this.#reader) closeSync(this.#reader.fd);
    this.#reader = undefined;
  }
}

function grow(segment: Segment, bytes: number, firstSeq: number, lastSeq: number): void {
  segment.index.add(firstSeq, segment.size);
  segment.size += bytes;
  segment.last = lastSeq;
}
