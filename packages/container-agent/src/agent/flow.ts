import type { Driver } from '../drivers/driver.ts';
import type { Journal } from '../journal/journal.ts';

/** Back-pressure on the program: more than `maxLagBytes` that no reader has taken, and its output is not read on. */
export class Flow {
  readonly #journal: Journal;
  readonly #maxLagBytes: number;
  readonly #driver: () => Driver | undefined;
  #held = false;
  #readingSince = 0;
  #discarding = false;

  constructor(journal: Journal, maxLagBytes: number, driver: () => Driver | undefined) {
    this.#journal = journal;
    this.#maxLagBytes = maxLagBytes;
    this.#driver = driver;
  }

  /** When the program's output came to be read (as `performance.now()`); undefined while it is not. */
  get readingSince(): number | undefined {
    return this.#held ? undefined : this.#readingSince;
  }

  /** After every append and every acknowledgement. */
  update(): void {
    if (this.#discarding) return;
    const lag = this.#journal.tail - this.#journal.ackedAt;
    if (!this.#held && lag > this.#maxLagBytes) {
      this.#held = true;
      this.#driver()?.pause();
    } else if (this.#held && lag <= this.#maxLagBytes / 2) {
      this.#release();
    }
  }

  /** While output is thrown away the program must not be held back by what was journaled before. */
  discarding(on: boolean): void {
    if (this.#discarding === on) return;
    this.#discarding = on;
    if (on && this.#held) {
      this.#release();
    } else if (!on) this.update();
  }

  #release(): void {
    this.#held = false;
    this.#readingSince = performance.now();
    this.#driver()?.resume();
  }
}
