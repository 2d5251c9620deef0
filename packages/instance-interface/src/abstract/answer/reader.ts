import type { ReadOptions } from '../../command.ts';
import type { EventBuffer } from './buffer.ts';

/** The one reader of an answer. Written by hand: an async generator costs two more promise hops for each event. */
export class Reader<T> implements AsyncIterableIterator<T, undefined> {
  readonly #buffer: EventBuffer;
  readonly #onReturn: (() => void) | undefined;
  /** Takes the listener off the caller's signal; undefined without one. */
  readonly #release: (() => void) | undefined;

  /** @param cancel what leaving the loop does, unless the options say otherwise */
  constructor(buffer: EventBuffer, options: ReadOptions, cancel: () => void) {
    this.#buffer = buffer;
    this.#onReturn = options.cancelOnReturn === false ? undefined : cancel;
    const { signal } = options;
    if (signal === undefined) return;
    const onAbort = (): void => buffer.leave(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    this.#release = () => signal.removeEventListener('abort', onAbort);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const step = this.#buffer.take() as Promise<IteratorResult<T, undefined>>;
    const release = this.#release;
    if (release !== undefined) step.then(({ done }) => done && release(), release);
    return step;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#release?.();
    this.#buffer.leave();
    this.#onReturn?.();
    return Promise.resolve({ done: true, value: undefined });
  }
}
