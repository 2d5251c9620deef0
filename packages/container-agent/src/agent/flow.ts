import type { Driver } from '../drivers/driver.ts';
import type { Journal } from '../journal/journal.ts';

/** Back-pressure on the program: more than `maxLagBytes` that no reader has taken, and its output is not read on. */
export class Flow {
  readonly #journal: Journal;
  readonly #maxLagBytes: number;
  readonly #driver: () => Driver | undefined;
  #held = false;
  #discarding = false;

  constructor(journal: Journal, maxLagBytes: number, driver: () => Driver | undefined) {
    this.#journal = journal;
    this.#maxLagBytes = maxLagBytes;
    this.#driver = driver;
  }

  /** After every append and every acknowledgement. */
  update(): void {
    if (this.#discarding) return;
    const lag = this.#journal.tail - this.#journal.ackedAt;
    if (!this.#held && lag > this.#maxLagBytes) {
      this.#held = true;
      this.#driver()?.pause();
    } else if (this.#held && lag <= this.#maxLagBytes / 2) {
      this.#held = false;
      this.#driver()?.resume();
    }
  }

  /** While output is thrown away the program must not be held back by what was journaled before. */
  discarding(on: boolean): void {
    if (this.#discarding === on) return;
    this.#discarding = on;
    if (on && this.#held) {
      this.#held = false;
      this.#driver()?.resume();
    } else if (!on) this.update();
  }
}
