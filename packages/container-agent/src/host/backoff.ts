import { setTimeout as delay } from 'node:timers/promises';
import { anySignal } from '@ccb/instance-interface/abstract';

/** ms before each further attempt; the last one repeats. */
const PAUSES_MS = [0, 100, 500, 2_000, 5_000];

/** The pauses between attempts, which whoever knows better may end. */
export class Backoff {
  readonly #pausesMs: readonly number[];
  #attempts = 0;
  #hurried = new AbortController();

  constructor(pausesMs: readonly number[] = PAUSES_MS) {
    this.#pausesMs = pausesMs;
  }

  /** What was in the way may be gone: the next attempt is made at once, and the pauses are short again. */
  hurry(): void {
    this.#attempts = 0;
    this.#hurried.abort();
  }

  /** @throws when `signal` aborts */
  async pause(signal: AbortSignal): Promise<void> {
    const ms = this.#pausesMs[Math.min(this.#attempts, this.#pausesMs.length - 1)];
    this.#attempts += 1;
    try {
      await delay(ms, undefined, { signal: anySignal(signal, this.#hurried.signal) });
    } catch (error) {
      if (signal.aborted) throw error;
    }
    this.#hurried = new AbortController();
  }
}
