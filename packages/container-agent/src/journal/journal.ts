import { Chain } from './chain.ts';
import { errnoOf, JournalClosedError, JournalFullError, JournalLostError, journalError } from './errors.ts';
import type { IdIndex, KnownId } from './ids.ts';
import { IdsLog } from './ids-log.ts';
import { isName, MAX_ID_LENGTH, NEWLINE } from './line.ts';
import type { JournalLog } from './log.ts';
import { Lost } from './lost.ts';
import { claimDirectory } from './owned-file.ts';
import { recover } from './recovery.ts';
import { Reserve } from './reserve.ts';
import { type JournalState, writeState } from './state.ts';

const MIB = 1024 * 1024;
const INDEX_STEP = 256 * 1024;
/** One batch may make a segment larger than segmentBytes, by this much at most. */
const MAX_BATCH_BYTES = 64 * MIB;
/** Far above anything that unacknowledged lines may come to. */
const MAX_UNACKED_BYTES = 1024 * MIB;

export interface JournalOptions {
  /** A segment that has this many bytes is followed by a new one. Default 16 MiB. */
  readonly segmentBytes?: number | undefined;
  /** Bytes that are kept behind the acknowledgement. Default 64 MiB. */
  readonly retainBytes?: number | undefined;
  /** Room that is held for one last line on a full disk. Default 64 KiB. */
  readonly reserveBytes?: number | undefined;
  readonly log?: JournalLog | undefined;
}

export interface LinesRead {
  /** Bytes of whole lines now in the buffer; 0 at the end of the journal. */
  readonly bytes: number;
  /** The next line is larger than the buffer; `bytes` is 0. */
  readonly larger: boolean;
}

/**
 * The lines of the wire, verbatim, on disk. It survives the death of any process, not a power cut: nothing is synced.
 * Everything is synchronous. Sequence numbers start at 1 and never repeat under one `id`. Positions are bytes; they
 * mean something in this process only.
 */
export class Journal {
  /** Names this run of sequence numbers; another one when the end of what was found cannot be proven. */
  readonly id: string;
  readonly #directory: string;
  readonly #retainBytes: number;
  readonly #log: JournalLog;
  readonly #chain: Chain;
  readonly #ids: IdIndex;
  readonly #idsLog: IdsLog;
  readonly #reserve: Reserve;
  #lastSeq: number;
  #ackedSeq: number;
  #ackedAt: number;
  #written: JournalState | undefined;
  #failed = false;
  #closed = false;

  /**
   * Creates the journal, or recovers what an earlier process left. A full disk is no error here, see `healthy`.
   * @throws {JournalVersionError} CCB_JOURNAL_VERSION: written by a newer version, nothing was touched
   * @throws {JournalBrokenError} CCB_JOURNAL_LOST: the directory is not usable
   * @throws {JournalFullError} CCB_DISK_FULL: there is no room even for the directory, or to set damage aside
   */
  static open(directory: string, options: JournalOptions = {}): Journal {
    try {
      claimDirectory(directory);
      return new Journal(directory, options);
    } catch (error) {
      throw journalError(directory, error);
    }
  }

  private constructor(directory: string, options: JournalOptions) {
    this.#directory = directory;
    this.#retainBytes = options.retainBytes ?? 64 * MIB;
    this.#log = options.log ?? (() => {});
    const segmentBytes = options.segmentBytes ?? 16 * MIB;
    const maxFileBytes = Math.max(segmentBytes, 16 * MIB) + MAX_BATCH_BYTES;
    const indexStep = Math.min(INDEX_STEP, segmentBytes / 4);
    const limits = { maxFileBytes, maxBytes: this.#retainBytes + MAX_UNACKED_BYTES, indexStep };
    const lost = new Lost(directory, this.#log);
    this.#idsLog = new IdsLog(directory);
    const found = recover(directory, limits, this.#idsLog, lost, this.#log);
    this.id = found.journalId;
    this.#ids = found.ids;
    this.#lastSeq = found.lastSeq;
    this.#ackedSeq = found.ackedSeq;
    this.#written = found.written;
    this.#chain = new Chain(directory, found.segments, found.sealed, { segmentBytes, maxFileBytes, indexStep }, lost);
    this.#ackedAt = this.#chain.floorAfter(found.ackedSeq);
    this.#reserve = new Reserve(directory, options.reserveBytes ?? 64 * 1024, lost);
    this.#save();
    this.restoreReserve();
  }

  /** Sequence number of the last line; 0 before the first. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Sequence number of the oldest line that can be read; lastSeq + 1 when there is none. */
  get firstSeq(): number {
    return this.#chain.first ?? this.#lastSeq + 1;
  }

  get ackedSeq(): number {
    return this.#ackedSeq;
  }

  /** Position of the end. */
  get tail(): number {
    return this.#chain.tail;
  }

  /** Position of the acknowledgement: exact at the tail, else up to 256 KiB and one batch early. */
  get ackedAt(): number {
    return this.#ackedAt;
  }

  /** Bytes of all lines kept. */
  get diskBytes(): number {
    return this.#chain.bytes;
  }

  /** The last write succeeded, and one more line can be written even if the disk fills up. No command may begin otherwise. */
  get healthy(): boolean {
    return !this.#failed && this.#reserve.ready && this.#written !== undefined;
  }

  /**
   * Writes whole lines, numbered `firstSeq` to `lastSeq`, `bytes` in sum.
   * @throws {JournalFullError} CCB_DISK_FULL: nothing of it is in the journal
   */
  append(lines: readonly Uint8Array[], bytes: number, firstSeq: number, lastSeq: number): void {
    this.#expect(firstSeq);
    if (!(lastSeq >= firstSeq) || bytes > MAX_BATCH_BYTES || sum(lines) !== bytes) {
      throw new RangeError(`Not a batch: lines ${firstSeq} to ${lastSeq} in ${bytes} bytes`);
    }
    let rolled: boolean;
    try {
      ({ rolled } = this.#chain.append(lines, bytes, firstSeq, lastSeq));
    } catch (error) {
      this.#failed = true;
      throw new JournalFullError(`Line ${firstSeq} of the journal`, error);
    }
    this.#failed = false;
    this.#lastSeq = lastSeq;
    if (rolled) this.#save();
  }

  /**
   * Writes one last line after `append` failed: it takes the place of the reserve and needs no new room.
   * @throws {JournalFullError} CCB_DISK_FULL when the reserve is used up, gone, or smaller than the line
   */
  appendFromReserve(line: Uint8Array, seq: number): void {
    this.#expect(seq);
    this.#reserve.become(this.#chain.pathOf(seq), line);
    this.#chain.adopt(seq, line.length);
    this.#lastSeq = seq;
  }

  /** Makes what `healthy` asks for. False while there is no room. */
  restoreReserve(): boolean {
    if (this.#closed) throw new JournalClosedError();
    if (this.#written === undefined) this.#save();
    if (this.#reserve.ready || this.#reserve.fill()) this.#failed = false;
    return this.healthy;
  }

  /** Everything up to `seq` was taken. Rotates away what lies further back than `retainBytes`. Never throws. */
  acknowledge(seq: number): void {
    const acked = Math.min(seq, this.#lastSeq);
    if (this.#closed || !(acked > this.#ackedSeq)) return;
    this.#ackedSeq = acked;
    this.#ackedAt = Math.max(this.#ackedAt, this.#chain.floorAfter(acked));
    const old = this.#chain.upTo(acked, this.#ackedAt - this.#retainBytes);
    if (old.length > 0) this.#rotate(old.length, this.firstSeq, old.at(-1)?.last ?? 0);
  }

  /**
   * The position right after the line `afterSeq` (0: the start).
   * @throws {JournalGapError} CCB_JOURNAL_GAP when the next line was rotated away
   * @throws {JournalLostError} CCB_JOURNAL_LOST when there never was such a line
   */
  position(afterSeq: number): number {
    if (this.#closed) throw new JournalClosedError();
    if (!Number.isInteger(afterSeq) || afterSeq < 0) throw new RangeError(`Not a sequence number: ${afterSeq}`);
    if (afterSeq > this.#lastSeq) {
      throw new JournalLostError(
        `Line ${afterSeq} is not in journal ${this.id}, which ends with ${this.#lastSeq}. Read again without a cursor.`,
      );
    }
    return afterSeq === this.#lastSeq ? this.tail : this.#guard(() => this.#chain.positionAfter(afterSeq));
  }

  /**
   * Reads from a position. Returns how many bytes, at most those up to the end of a segment; 0 only at the tail.
   * @throws {JournalGapError} CCB_JOURNAL_GAP when the position was rotated away
   * @throws {JournalBrokenError} CCB_JOURNAL_LOST when the file is no longer what was written
   */
  read(at: number, into: Uint8Array): number {
    if (this.#closed) throw new JournalClosedError();
    return this.#guard(() => this.#chain.read(at, into));
  }

  /** As `read`, whole lines only. */
  readLines(at: number, into: Uint8Array): LinesRead {
    const read = this.read(at, into);
    const bytes = into.subarray(0, read).lastIndexOf(NEWLINE) + 1;
    return { bytes, larger: bytes === 0 && read > 0 };
  }

  /** Of the last 10,000 begun ids. */
  lookup(id: string): KnownId | undefined {
    return this.#ids.get(id);
  }

  noteBegin(id: string, digest: string, seq: number): void {
    if (!isName(id) || !isName(digest)) throw new RangeError(`An id has at most ${MAX_ID_LENGTH} characters`);
    this.#ids.begin(id, digest, seq);
  }

  noteEnd(id: string, seq: number): void {
    this.#ids.end(id, seq);
  }

  /** Commands that began and have no end in the journal. */
  get unended(): readonly { readonly id: string; readonly beginSeq: number }[] {
    return this.#ids.unended;
  }

  /** Idempotent; never throws. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#save();
    this.#chain.close();
  }

  #expect(seq: number): void {
    if (this.#closed) throw new JournalClosedError();
    if (seq !== this.#lastSeq + 1) throw new RangeError(`Line ${seq} cannot follow line ${this.#lastSeq}`);
  }

  #rotate(count: number, first: number, last: number): void {
    const kept = this.#keepIds(first, last);
    for (const stuck of this.#chain.drop(count)) this.#log('warn', 'journal.rotate_failed', stuck);
    // On a full disk the ids find room only now.
    if (!kept) this.#keepIds(first, last);
    this.#save();
  }

  #keepIds(first: number, last: number): boolean {
    try {
      this.#idsLog.record(this.#ids, first, last);
      return true;
    } catch (error) {
      this.#log('warn', 'journal.ids_failed', { first, last, code: errnoOf(error) });
      return false;
    }
  }

  /** An older state is safe: it only proves less. */
  #save(): void {
    const state = { journalId: this.id, ackedSeq: this.#ackedSeq, lastSeq: this.#lastSeq };
    if (this.#written?.ackedSeq === state.ackedSeq && this.#written.lastSeq === state.lastSeq) return;
    try {
      writeState(this.#directory, state);
      this.#written = state;
    } catch (error) {
      this.#log('warn', 'journal.state_failed', { code: errnoOf(error) });
    }
  }

  #guard<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw error instanceof RangeError ? error : journalError(this.#directory, error);
    }
  }
}

function sum(parts: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const part of parts) bytes += part.length;
  return bytes;
}
