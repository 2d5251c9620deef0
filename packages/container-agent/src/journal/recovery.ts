import { closeSync, constants, lstatSync, opendirSync } from 'node:fs';
import { join } from 'node:path';
import { JournalBrokenError } from './errors.ts';
import { IdIndex } from './ids.ts';
import { IDS_LOG, type IdsLog } from './ids-log.ts';
import { MAX_SEQ, type Mark } from './line.ts';
import type { JournalLog } from './log.ts';
import type { Lost } from './lost.ts';
import { createOwned, cutBack, openOwned } from './owned-file.ts';
import { type Scan, scan } from './scan.ts';
import { endOf, firstSeqOf, type Segment, segmentName } from './segment.ts';
import { SparseIndex } from './sparse-index.ts';
import { type JournalState, newJournalId, readState, STATE_FILE } from './state.ts';

const MAX_SEGMENTS = 65_536;

export interface RecoveryLimits {
  /** No file of the journal is larger. */
  readonly maxFileBytes: number;
  /** The journal as a whole cannot be larger. */
  readonly maxBytes: number;
  readonly indexStep: number;
}

export interface Recovered {
  readonly journalId: string;
  /** What the state file says; undefined when it does not name this journal yet. */
  readonly written: JournalState | undefined;
  readonly segments: Segment[];
  readonly lastSeq: number;
  readonly ackedSeq: number;
  readonly ids: IdIndex;
  /** The last segment ends with bytes that are not ours: the next line opens a new one. */
  readonly sealed: boolean;
}

/**
 * Reads what an earlier agent left. Served is the newest contiguous run of lines. The journal keeps its id when that
 * run provably ends with the last line there ever was: after it comes nothing, or the beginning of the next line, and
 * no acknowledgement and no id knows of a later one.
 */
export function recover(
  directory: string,
  limits: RecoveryLimits,
  idsLog: IdsLog,
  lost: Lost,
  log: JournalLog,
): Recovered {
  const state = recoverState(directory, lost);
  const names = list(directory);
  const ids = new IdIndex();
  try {
    idsLog.load(ids);
  } catch (error) {
    if (!(error instanceof JournalBrokenError)) throw error;
    lost.take(IDS_LOG, error.message);
  }
  const run = new Run(directory, limits, ids);
  for (const name of run.affordable(names)) run.add(name);
  run.finish();
  const known = Math.max(state?.ackedSeq ?? 0, state?.lastSeq ?? 0, ids.highestSeq);
  const short = known > run.last;
  if (short) run.drop(`line ${known} is known and line ${run.last} is the last`);
  // Before the lines go, which may be all that tells that an id has begun.
  if (run.dropped.length > 0) idsLog.rewrite(ids);
  for (const { name, reason } of run.dropped) lost.take(name, reason);

  const { segments } = run;
  const last = short ? known : run.last;
  const fresh = !state && segments.length === 0 && known === 0;
  // There is always a segment: it is made before the state, and the last one is never rotated away.
  const proven = state !== undefined && segments.length > 0 && !run.suspect && !short;
  const journalId = proven ? state.journalId : newJournalId();
  if (!proven && !fresh) log('warn', 'journal.restarted', { journalId, before: state?.journalId, lastSeq: last });
  const ackedSeq = Math.min(last, Math.max(state?.ackedSeq ?? 0, (segments[0]?.first ?? last + 1) - 1));
  let sealed = run.suspect;
  // An empty segment after the damage: the next start finds the end of the journal proven.
  if (sealed || segments.length === 0) {
    const started = startSegment(directory, last + 1, limits.indexStep, segments);
    if (started) sealed = false;
  }
  return { journalId, written: proven ? state : undefined, segments, lastSeq: last, ackedSeq, ids, sealed };
}

function recoverState(directory: string, lost: Lost): JournalState | undefined {
  try {
    return readState(directory);
  } catch (error) {
    if (!(error instanceof JournalBrokenError)) throw error;
    lost.take(STATE_FILE, error.message);
    return undefined;
  }
}

function list(directory: string): string[] {
  const names: string[] = [];
  const entries = opendirSync(directory);
  try {
    for (let entry = entries.readSync(); entry; entry = entries.readSync()) {
      const first = firstSeqOf(entry.name);
      if (first === undefined || first < 1 || first > MAX_SEQ) continue;
      if (names.push(entry.name) > MAX_SEGMENTS) {
        throw new JournalBrokenError(directory, `it has more than ${MAX_SEGMENTS} segments`);
      }
    }
  } finally {
    entries.closeSync();
  }
  return names.sort();
}

function startSegment(directory: string, first: number, indexStep: number, segments: Segment[]): boolean {
  const path = join(directory, segmentName(first));
  const before = segments.at(-1);
  if (before?.path === path) return false;
  try {
    closeSync(createOwned(path));
  } catch {
    return false;
  }
  const start = before ? endOf(before) : 0;
  segments.push({ path, first, last: first - 1, start, size: 0, index: new SparseIndex(indexStep) });
  return true;
}

/** The newest contiguous run of lines, while the segments pass by, oldest first. */
class Run {
  readonly segments: Segment[] = [];
  /** Files that are not part of it. */
  readonly dropped: { readonly name: string; readonly reason: string }[] = [];
  /** Lines may have existed after the last one. */
  suspect = false;
  readonly #directory: string;
  readonly #limits: RecoveryLimits;
  readonly #ids: IdIndex;
  #salvaged: readonly Mark[] = [];

  constructor(directory: string, limits: RecoveryLimits, ids: IdIndex) {
    this.#directory = directory;
    this.#limits = limits;
    this.#ids = ids;
  }

  get last(): number {
    return this.segments.at(-1)?.last ?? 0;
  }

  /** The newest of them that are small enough in sum to be read; the others are dropped. */
  affordable(names: readonly string[]): readonly string[] {
    let left = this.#limits.maxBytes;
    let from = names.length;
    for (; from > 0; from--) {
      const stats = lstatSync(join(this.#directory, names[from - 1] as string), { throwIfNoEntry: false });
      if (stats?.isFile() && stats.size <= this.#limits.maxFileBytes) left -= stats.size;
      if (left < 0) break;
    }
    for (const name of names.slice(0, from)) this.#refuse(name, 'the journal is larger than it can have become');
    return names.slice(from);
  }

  add(name: string): void {
    const first = firstSeqOf(name) as number;
    this.#salvage(first);
    const path = join(this.#directory, name);
    const found = this.#scan(path, first);
    if (typeof found === 'string') {
      this.#refuse(name, found);
      return;
    }
    const contiguous = this.segments.length === 0 || first === this.last + 1;
    this.#salvaged = found.salvaged;
    if (found.last < first && (!contiguous || found.rest === 'broken')) {
      this.#refuse(name, 'it has no line that follows');
      return;
    }
    if (!contiguous) this.drop(`lines ${this.last + 1} to ${first - 1} are missing`);
    const before = this.segments.at(-1);
    const start = before ? endOf(before) : 0;
    this.segments.push({ path, first, last: found.last, start, size: found.bytes, index: found.index });
    this.suspect = found.rest === 'broken';
  }

  /** Ends this run; the next segment begins another. */
  drop(reason: string): void {
    for (const { first } of this.segments) this.dropped.push({ name: segmentName(first), reason });
    this.segments.length = 0;
  }

  finish(): void {
    this.#salvage(Number.POSITIVE_INFINITY);
  }

  #refuse(name: string, reason: string): void {
    this.dropped.push({ name, reason });
    this.suspect = true;
  }

  /** Ids from behind damage count up to where good lines go on. */
  #salvage(before: number): void {
    for (const mark of this.#salvaged) if (mark.seq < before) this.#ids.mark(mark);
    this.#salvaged = [];
  }

  #scan(path: string, first: number): Scan | string {
    try {
      const file = openOwned(path, constants.O_RDWR, this.#limits.maxFileBytes);
      if (!file) return 'it vanished';
      try {
        const found = scan(file.fd, file.size, first, this.#limits.indexStep, (mark) => this.#ids.mark(mark));
        if (found.rest === 'torn') cutBack(file.fd, found.bytes);
        return found;
      } finally {
        closeSync(file.fd);
      }
    } catch (error) {
      if (error instanceof JournalBrokenError) return error.message;
      throw error;
    }
  }
}
