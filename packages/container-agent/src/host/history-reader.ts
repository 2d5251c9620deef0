import type { Cursor, HistoryEntry, InstanceError } from '@ccb/instance-interface';
import type { HostFrame, JournalFrame } from '../protocol/frames.ts';
import { cursorOf, historyEntry } from './events.ts';
import type { Follower } from './follower.ts';

const FULL_ENTRIES = 2_000;

interface Waiting {
  resolve(step: IteratorResult<HistoryEntry>): void;
  reject(error: unknown): void;
}

/** Follows the whole journal, all commands, as an async iterator. */
export class HistoryReader implements Follower, AsyncIterableIterator<HistoryEntry> {
  readonly #after: Cursor | undefined;
  readonly #follow: boolean;
  readonly #onTaken: () => void;
  readonly #onEnd: () => void;
  readonly #entries: HistoryEntry[] = [];
  #waiting: Waiting | undefined;
  #lastSeq = 0;
  #upTo: number | undefined;
  #ended = false;
  #error: unknown;

  /** @param events `taken`: there is room again; `ended`: nobody reads any more */
  constructor(
    options: { readonly after?: Cursor | undefined; readonly follow: boolean },
    events: { taken(): void; ended(): void },
  ) {
    this.#after = options.after;
    this.#follow = options.follow;
    this.#onTaken = () => events.taken();
    this.#onEnd = () => events.ended();
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** History holds nothing back: what it has not read yet it may miss, and then it says so (CCB_JOURNAL_GAP). */
  get takenSeq(): undefined {
    return undefined;
  }

  get full(): boolean {
    return this.#entries.length >= FULL_ENTRIES;
  }

  request(journalId: string, ref: number): HostFrame {
    return { type: 'resume', ref, after: this.#lastSeq > 0 ? cursorOf(journalId, this.#lastSeq) : this.#after };
  }

  resumed(after: number, upTo: number): void {
    this.#lastSeq = Math.max(this.#lastSeq, after);
    this.#upTo ??= upTo;
    this.#endIfDone();
  }

  deliver(frame: JournalFrame, journalId: string): void {
    if (this.#upTo === undefined || frame.seq <= this.#lastSeq || this.#ended) return;
    this.#lastSeq = frame.seq;
    const entry = historyEntry(frame, journalId);
    if (this.#waiting === undefined) this.#entries.push(entry);
    else this.#settle((waiting) => waiting.resolve({ value: entry, done: false }));
    this.#endIfDone();
  }

  fail(error: InstanceError): void {
    this.#finish(error);
  }

  abort(reason: unknown): void {
    this.#entries.length = 0;
    this.#finish(reason);
  }

  next(): Promise<IteratorResult<HistoryEntry>> {
    const entry = this.#entries.shift();
    if (entry !== undefined) {
      if (this.#entries.length === FULL_ENTRIES >> 2) this.#onTaken();
      return Promise.resolve({ value: entry, done: false });
    }
    if (this.#ended) {
      const error = this.#error;
      this.#error = undefined;
      return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<HistoryEntry>> {
    this.#entries.length = 0;
    this.#finish(undefined);
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #endIfDone(): void {
    if (!this.#follow && this.#upTo !== undefined && this.#lastSeq >= this.#upTo) this.#finish(undefined);
  }

  #finish(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#onEnd();
    this.#settle((waiting) => {
      this.#error = undefined;
      if (error === undefined) waiting.resolve({ value: undefined, done: true });
      else waiting.reject(error);
    });
  }

  #settle(step: (waiting: Waiting) => void): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) step(waiting);
  }
}
