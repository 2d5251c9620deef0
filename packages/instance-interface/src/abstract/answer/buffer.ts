import { InstanceError } from '../../error.ts';
import type { CommandEvent, Cursor } from '../../event.ts';

/** Behind by more, a reader is `full`; without a reader more is dropped. Roughly bytes. */
const highMark = 1024 * 1024;
const lowMark = highMark / 4;
/** A backend that does not look at `full` is cut off here. */
const hardLimit = 16 * highMark;
const compactAfter = 1024;
/** Of an event without any text. */
const leastWeight = 64;

export type ReaderKind = 'text' | 'events';

interface Entry {
  readonly event: CommandEvent;
  readonly weight: number;
  seq: number;
}

/** What the reader of this kind gets: text for 'text', the event for 'events'. */
type Given = IteratorResult<string | CommandEvent, undefined>;

interface Step {
  resolve(result: Given): void;
  reject(error: unknown): void;
}

const done: Given = Object.freeze({ done: true, value: undefined });

/** Is the event part of the answer's text? */
export function isText(event: CommandEvent, merge: boolean): event is CommandEvent & { readonly type: 'text' } {
  return event.type === 'text' && event.late !== true && (merge || event.stream !== 'stderr');
}

function textOf(event: CommandEvent): string {
  return (event as CommandEvent & { readonly type: 'text' }).text;
}

/** What an event weighs in memory: exact for much text, near enough for the rest. */
export function weigh(event: CommandEvent): number {
  if (event.type !== 'text') return JSON.stringify(event).length;
  return Math.max(leastWeight, event.text.length + (event.bytes?.length ?? 0));
}

/**
 * The events between a backend and the one reader. An event that the reader waits for is handed over at once; otherwise
 * it is kept until it is taken.
 */
export class EventBuffer {
  readonly #id: string;
  readonly #merge: boolean;
  readonly #entries: Entry[] = [];
  readonly #steps: Step[] = [];
  #head = 0;
  #weight = 0;
  #takenUpTo = 0;
  #full = false;
  #waits = true;
  /** Something was dropped: nothing after it may be given to a reader. */
  #gap = false;
  #reader: ReaderKind | 'none' | 'sink' | 'gone' = 'none';
  #sink: ((text: string) => void) | undefined;
  #closed = false;
  #error: unknown;
  /** Of the last event that the reader was given. */
  cursor: Cursor | undefined;
  /** Of the last event that came. */
  latest: Cursor | undefined;
  onDrain: (() => void) | undefined;
  onTaken: ((seq: number) => void) | undefined;

  constructor(id: string, merge: boolean) {
    this.#id = id;
    this.#merge = merge;
  }

  get full(): boolean {
    return this.#full;
  }

  /** What still comes waits for no reader: it must not keep the end away. */
  waitNoMore(): void {
    this.#waits = false;
    if (this.#full) this.#drained();
  }

  push(event: CommandEvent, seq: number): void {
    if (this.#closed) return;
    this.latest = event.cursor;
    if (this.#reader === 'gone' || this.#gap) {
      this.#taken(seq);
      return;
    }
    if (!this.#wanted(event)) {
      this.#pass(seq);
      return;
    }
    if (this.#sink !== undefined) {
      this.#give(event, seq);
      this.#sink(textOf(event));
      return;
    }
    const step = this.#steps.shift();
    if (step !== undefined) {
      this.#give(event, seq);
      step.resolve({ done: false, value: this.#reader === 'text' ? textOf(event) : event });
      return;
    }
    this.#keep(event, seq);
  }

  /** Nothing more will come. The reader takes what is there, then its end or `error`. */
  close(error?: InstanceError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#error = error;
    const unread = this.#entries.at(-1);
    if (this.#reader === 'none' && unread !== undefined) this.#taken(unread.seq);
    if (this.#full) this.#drained();
    if (this.#steps.length > 0) this.#finish();
  }

  /** @throws {TypeError} when there was a reader already */
  claim(reader: ReaderKind): void {
    this.#assertUnclaimed();
    this.#reader = reader;
  }

  /** Every text goes to `sink`, at once and for ever; nothing is kept. @throws {TypeError} when there was a reader already */
  drainInto(sink: (text: string) => void): void {
    this.#assertUnclaimed();
    this.#reader = 'sink';
    this.#sink = sink;
    for (let entry = this.#shift(); entry !== undefined; entry = this.#shift()) {
      this.#give(entry.event, entry.seq);
      sink(textOf(entry.event));
    }
  }

  /** The reader's next step. */
  take(): Promise<Given> {
    const entry = this.#steps.length === 0 ? this.#shift() : undefined;
    if (entry !== undefined) {
      this.#give(entry.event, entry.seq);
      if (this.#full && this.#weight < lowMark) this.#drained();
      return Promise.resolve({ done: false, value: this.#reader === 'text' ? textOf(entry.event) : entry.event });
    }
    return new Promise((resolve, reject) => {
      this.#steps.push({ resolve, reject });
      if (this.#closed || this.#gap || this.#reader === 'gone') this.#finish();
    });
  }

  /** The reader goes, with `error` for its next step if there is one; what is left is for nobody. */
  leave(error?: unknown): void {
    if (this.#reader === 'gone') return;
    this.#reader = 'gone';
    this.#error = error;
    const last = this.#entries.at(-1);
    this.#entries.length = this.#head = this.#weight = 0;
    this.#gap = false;
    if (last !== undefined) this.#taken(last.seq);
    if (this.#full) this.#drained();
    this.#finish();
  }

  #assertUnclaimed(): void {
    if (this.#reader === 'none') return;
    throw new TypeError(
      `Command ${this.#id} has its reader: an answer is read once, by text(), events() or for await. Use history() for a second look.`,
    );
  }

  #wanted(event: CommandEvent): boolean {
    if (this.#reader === 'text' || this.#reader === 'sink') return isText(event, this.#merge);
    return !(event.type === 'text' && event.late === true);
  }

  /** Not for this reader: taken as soon as everything before it is. */
  #pass(seq: number): void {
    const last = this.#entries.at(-1);
    if (last !== undefined) last.seq = Math.max(last.seq, seq);
    else this.#taken(seq);
  }

  #keep(event: CommandEvent, seq: number): void {
    const weight = weigh(event);
    const limit = this.#reader === 'none' ? highMark : hardLimit;
    if (this.#weight + weight > limit && event.type !== 'end') {
      this.#gap = true;
      this.#taken(seq);
      return;
    }
    this.#entries.push({ event, weight, seq });
    this.#weight += weight;
    if (this.#waits && this.#reader !== 'none' && this.#weight > highMark) this.#full = true;
  }

  #shift(): Entry | undefined {
    while (this.#head < this.#entries.length) {
      const entry = this.#entries[this.#head++] as Entry;
      this.#weight -= entry.weight;
      if (this.#head === this.#entries.length) this.#entries.length = this.#head = 0;
      else if (this.#head === compactAfter) this.#compact();
      if (this.#wanted(entry.event)) return entry;
      this.#taken(entry.seq);
    }
    return undefined;
  }

  /** A reader that never quite catches up must not keep what it has read. */
  #compact(): void {
    this.#entries.splice(0, this.#head);
    this.#head = 0;
  }

  #give(event: CommandEvent, seq: number): void {
    this.cursor = event.cursor;
    this.#taken(seq);
  }

  /** Upwards only: what was dropped counts as taken before what a late reader still gets. */
  #taken(seq: number): void {
    if (seq <= this.#takenUpTo) return;
    this.#takenUpTo = seq;
    this.onTaken?.(seq);
  }

  #drained(): void {
    this.#full = false;
    this.onDrain?.();
  }

  /** The first step gets the error, if there is one; all others, now and later, get the end. */
  #finish(): void {
    let error = this.#error;
    if (this.#gap) {
      error = new InstanceError(
        'CCB_JOURNAL_GAP',
        `The output of command ${this.#id} was not read in time and the rest of it was dropped. Read it as it comes, or use history() or resumeCommand(id, { after }).`,
      );
    }
    this.#reader = 'gone';
    this.#gap = false;
    for (let step = this.#steps.shift(); step !== undefined; step = this.#steps.shift()) {
      if (error === undefined) {
        step.resolve(done);
        continue;
      }
      this.#error = undefined;
      step.reject(error);
      error = undefined;
    }
  }
}
