import type { ReadOptions } from '../command.ts';
import type { EventBuffer } from './buffer.ts';

/** The one reader of an answer. Written by hand: an async generator costs two more promise hops for each event. */
export class Reader<T> implements AsyncIterableIterator<T, undefined> {
  readonly #buffer: EventBuffer;
  readonly #onReturn: (() => void) | undefined;
  readonly #signal: AbortSignal | undefined;

  /** @param cancel what leaving the loop does, unless the options say otherwise */
  constructor(buffer: EventBuffer, options: ReadOptions, cancel: () => void) {
    this.#buffer = buffer;
    this.#onReturn = options.cancelOnReturn === false ? undefined : cancel;
    this.#signal = options.signal;
    if (this.#signal === undefined) return;
    if (this.#signal.aborted) buffer.leave(this.#signal.reason);
    else this.#signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const step = this.#buffer.take() as Promise<IteratorResult<T, undefined>>;
    if (this.#signal !== undefined) step.then(this.#releaseWhenDone, this.#release);
    return step;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#release();
    this.#buffer.leave();
    this.#onReturn?.();
    return Promise.resolve({ done: true, value: undefined });
  }

  readonly #onAbort = (): void => this.#buffer.leave(this.#signal?.reason);

  readonly #release = (): void => this.#signal?.removeEventListener('abort', this.#onAbort);

  readonly #releaseWhenDone = (step: IteratorResult<T, undefined>): void => {
    if (step.done) this.#release();
  };
}
