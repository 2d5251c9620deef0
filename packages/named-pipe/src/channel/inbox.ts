import { callSafely } from './listeners.ts';

const FULL_BYTES = 1024 * 1024;
const ROOM_BYTES = FULL_BYTES / 4;
/** A queued message costs memory beside its text. */
const ENTRY_BYTES = 64;

interface Reader<In> {
  /** false: not now. */
  offer(message: In): boolean;
  ended(): void;
}

interface Entry<In> {
  readonly message: In;
  readonly cost: number;
}

/** Messages on their way to one reader; asks the transport to stop (`flow(false)`) while too much waits or reading is paused. */
export class Inbox<In> {
  readonly #flow: (flowing: boolean) => void;
  #queue: Entry<In>[] = [];
  #head = 0;
  #bytes = 0;
  #reader: Reader<In> | undefined;
  #paused = false;
  #full = false;
  #ended = false;
  #pumping = false;

  constructor(flow: (flowing: boolean) => void) {
    this.#flow = flow;
  }

  push(message: In, bytes: number): void {
    if (this.#ended) return;
    if (this.#isEmpty && !this.#paused && !this.#pumping && this.#reader?.offer(message)) return;
    const cost = bytes + ENTRY_BYTES;
    this.#queue.push({ message, cost });
    this.#bytes += cost;
    if (!this.#full && this.#bytes > FULL_BYTES) this.#change(() => (this.#full = true));
  }

  subscribe(listener: (message: In) => void): () => void {
    if (typeof listener !== 'function') throw new TypeError('listener must be a function');
    const offer = (message: In): boolean => {
      callSafely(listener, message);
      return true;
    };
    const reader: Reader<In> = { offer, ended: () => {} };
    this.#attach(reader);
    this.#pumpSoon();
    return () => this.#detach(reader);
  }

  messages(signal: AbortSignal | undefined): AsyncIterableIterator<In> {
    const waiting: { resolve(result: IteratorResult<In>): void; reject(error: unknown): void }[] = [];
    const end: IteratorResult<In> = { done: true, value: undefined };
    let done = false;
    let isAborted = false;
    const finish = (): void => {
      done = true;
      this.#detach(reader);
      signal?.removeEventListener('abort', abort);
      for (const each of waiting.splice(0)) each.resolve(end);
    };
    const abort = (): void => {
      const first = waiting.shift();
      finish();
      if (first) first.reject(signal?.reason);
      else isAborted = true;
    };
    const reader: Reader<In> = {
      offer: (value) => {
        const next = waiting.shift();
        next?.resolve({ done: false, value });
        return next !== undefined;
      },
      ended: () => void (waiting.length > 0 && finish()),
    };
    this.#attach(reader);
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort);
    return {
      next: () => {
        if (isAborted) {
          isAborted = false;
          return Promise.reject(signal?.reason);
        }
        if (done) return Promise.resolve(end);
        return new Promise((resolve, reject) => {
          waiting.push({ resolve, reject });
          this.#pump();
          if (this.#ended && this.#isEmpty && !done) finish();
        });
      },
      return: () => {
        finish();
        return Promise.resolve(end);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  pause(): void {
    if (!this.#ended) this.#change(() => (this.#paused = true));
  }

  resume(): void {
    this.#change(() => (this.#paused = false));
    this.#pumpSoon();
  }

  /** Nothing more arrives; an iterator still gets what is here. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#paused = false;
    if (this.#isEmpty) this.#reader?.ended();
    else this.#pumpSoon();
  }

  get #isEmpty(): boolean {
    return this.#head === this.#queue.length;
  }

  #attach(reader: Reader<In>): void {
    if (this.#reader)
      throw new TypeError('This channel has a reader already: messages() and subscribe() share one place.');
    this.#reader = reader;
  }

  #detach(reader: Reader<In>): void {
    if (this.#reader === reader) this.#reader = undefined;
  }

  #pumpSoon(): void {
    if (!this.#isEmpty) process.nextTick(() => this.#pump());
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.#isEmpty && !this.#paused) {
      const entry = this.#queue[this.#head] as Entry<In>;
      if (!this.#reader?.offer(entry.message)) break;
      this.#drop(entry);
    }
    this.#pumping = false;
    if (this.#ended && this.#isEmpty) this.#reader?.ended();
  }

  #drop(entry: Entry<In>): void {
    this.#head++;
    if (this.#isEmpty) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    this.#bytes -= entry.cost;
    if (this.#full && this.#bytes < ROOM_BYTES) this.#change(() => (this.#full = false));
  }

  #change(set: () => void): void {
    const before = this.#paused || this.#full;
    set();
    const after = this.#paused || this.#full;
    if (before !== after) this.#flow(!after);
  }
}
