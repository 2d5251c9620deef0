import type { RunEnd } from '@ccb/instance-interface/abstract';
import type { RunUpdate } from './program.ts';

/** What a program said of one command, in order, up to its end. */
export class UpdateQueue {
  #updates: RunUpdate[] = [];
  #end: RunEnd | undefined;
  #error: unknown;
  #ended = false;
  #wake: (() => void) | undefined;

  get ended(): boolean {
    return this.#ended;
  }

  push(update: RunUpdate): void {
    if (this.#ended || update === '') return;
    this.#updates.push(update);
    this.#wake?.();
  }

  end(end: RunEnd): void {
    if (this.#ended) return;
    this.#end = end;
    this.#close();
  }

  fail(error: unknown): void {
    if (this.#ended) return;
    this.#error = error;
    this.#close();
  }

  /** Yields what there is and what comes, and returns how it ended. @throws what it failed with, or the signal's reason */
  async *read(signal: AbortSignal): AsyncGenerator<RunUpdate, RunEnd, void> {
    for (;;) {
      const updates = this.#updates;
      this.#updates = [];
      yield* updates;
      if (this.#updates.length > 0) continue;
      if (this.#end !== undefined) return this.#end;
      if (this.#ended) throw this.#error;
      signal.throwIfAborted();
      await this.#woken(signal);
    }
  }

  #close(): void {
    this.#ended = true;
    this.#wake?.();
  }

  #woken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wake = undefined;
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
