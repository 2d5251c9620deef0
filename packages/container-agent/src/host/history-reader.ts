import type { Cursor, HistoryEntry, InstanceError } from '@ccb/instance-interface';
import type { HostFrame, JournalFrame } from '../protocol/frames.ts';
import { cursorOf, historyEntry } from './events.ts';
import type { Follower } from './follower.ts';

/** Behind by more (characters, roughly), the reader is `full`; below a quarter of it there is room again. */
const FULL_WEIGHT = 1024 * 1024;
/** An agent that goes on sending, for others: what comes then is read again later. */
const HARD_LIMIT = 16 * FULL_WEIGHT;

interface Waiting {
  resolve(step: IteratorResult<HistoryEntry>): void;
  reject(error: unknown): void;
}

export interface HistoryReaderEvents {
  /** The first step was asked for. */
  begin(): void;
  /** There is room again. */
  taken(): void;
  /** There is room again, and lines were passed over meanwhile: ask for them. */
  again(): void;
  /** Nobody reads any more. */
  ended(): void;
}

/** Follows the whole journal, all commands, as an async iterator. Nothing happens before its first step. */
export class HistoryReader implements Follower, AsyncIterableIterator<HistoryEntry> {
  readonly #after: Cursor | undefined;
  readonly #follow: boolean;
  readonly #events: HistoryReaderEvents;
  readonly #entries: { readonly entry: HistoryEntry; readonly weight: number }[] = [];
  readonly #waiting: Waiting[] = [];
  #weight = 0;
  #full = false;
  #missed = false;
  #begun = false;
  #awaitsResumed = true;
  #lastSeq = 0;
  #upTo: number | undefined;
  #ended = false;
  #error: unknown;

  constructor(options: { readonly after?: Cursor | undefined; readonly follow: boolean }, events: HistoryReaderEvents) {
    this.#after = options.after;
    this.#follow = options.follow;
    this.#events = events;
  }

  /** History holds nothing back: what it has not read yet it may miss, and then it says so (CCB_JOURNAL_GAP). */
  get takenSeq(): undefined {
    return undefined;
  }

  get full(): boolean {
    return this.#full;
  }

  request(journalId: string, ref: number): HostFrame {
    this.#awaitsResumed = true;
    this.#missed = false;
    return { type: 'resume', ref, after: this.#lastSeq > 0 ? cursorOf(journalId, this.#lastSeq) : this.#after };
  }

  resumed(after: number, upTo: number): void {
    this.#awaitsResumed = false;
    this.#lastSeq = Math.max(this.#lastSeq, after);
    this.#upTo ??= upTo;
    this.#endIfDone();
  }

  deliver(frame: JournalFrame, journalId: string): void {
    if (this.#ended || this.#awaitsResumed || this.#missed || frame.seq <= this.#lastSeq) return;
    if (this.#weight > HARD_LIMIT) {
      this.#missed = true;
      return;
    }
    this.#lastSeq = frame.seq;
    const entry = historyEntry(frame, journalId);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#keep(entry);
    else waiting.resolve({ value: entry, done: false });
    this.#endIfDone();
  }

  fail(error: InstanceError): void {
    this.#finish(error);
  }

  abort(reason: unknown): void {
    this.#drop();
    this.#finish(reason);
  }

  next(): Promise<IteratorResult<HistoryEntry>> {
    if (!this.#begun) {
      this.#begun = true;
      if (!this.#ended) this.#events.begin();
    }
    const first = this.#entries.shift();
    if (first !== undefined) {
      this.#weight -= first.weight;
      if (this.#full && this.#weight < FULL_WEIGHT / 4) this.#drained();
      return Promise.resolve({ value: first.entry, done: false });
    }
    if (this.#ended) {
      const error = this.#error;
      this.#error = undefined;
      return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<HistoryEntry>> {
    this.#drop();
    this.#finish(undefined);
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #keep(entry: HistoryEntry): void {
    const weight = (entry.type === 'text' ? entry.text.length + (entry.bytes?.length ?? 0) : sizeOf(entry)) + 200;
    this.#entries.push({ entry, weight });
    this.#weight += weight;
    if (this.#weight > FULL_WEIGHT) this.#full = true;
  }

  #drained(): void {
    this.#full = false;
    if (this.#missed && !this.#ended) this.#events.again();
    this.#events.taken();
  }

  #drop(): void {
    this.#entries.length = this.#weight = 0;
    this.#full = false;
    this.#error = undefined;
  }

  #endIfDone(): void {
    if (!this.#follow && this.#upTo !== undefined && this.#lastSeq >= this.#upTo) this.#finish(undefined);
  }

  #finish(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#events.ended();
    for (const waiting of this.#waiting.splice(0)) {
      if (this.#error === undefined) waiting.resolve({ value: undefined, done: true });
      else waiting.reject(this.#error);
      this.#error = undefined;
    }
  }
}

function sizeOf(entry: HistoryEntry): number {
  return entry.type === 'command' ? entry.text.length : JSON.stringify(entry).length;
}
