/** Entries at once, and then per second: a hostile agent must not fill somebody's log. */
const BURST = 100;
const PER_SECOND = 10;

/** Limits what an agent makes its host write down. */
export class NoteLimit {
  #left = BURST;
  #at: number;
  #dropped = 0;

  /** @param now ms on a clock that never goes back */
  constructor(now: number = performance.now()) {
    this.#at = now;
  }

  /** undefined: too many; else how many were passed over since the last one that was not. */
  take(now: number = performance.now()): number | undefined {
    this.#left = Math.min(BURST, this.#left + ((now - this.#at) / 1000) * PER_SECOND);
    this.#at = now;
    if (this.#left < 1) {
      this.#dropped += 1;
      return undefined;
    }
    this.#left -= 1;
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
