/** A fresh agent's host is on its way: it is waited for at least this long, in ms. */
const FIRST_MS = 60_000;
/** A timer later than this, in ms, tells of a machine or a container that stood still, and its host with it. */
const LATE_MS = 5_000;

/** Notices that no host has held the agent for so long that none will come. */
export class HostAbsence {
  readonly #limitMs: number;
  readonly #gone: () => void;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(limitMs: number, gone: () => void) {
    this.#limitMs = limitMs;
    this.#gone = gone;
    this.#wait(Math.max(limitMs, FIRST_MS));
  }

  update(held: boolean): void {
    clearTimeout(this.#timer);
    if (!held && !this.#isClosed) this.#wait(this.#limitMs);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    const due = performance.now() + ms;
    this.#timer = setTimeout(() => {
      if (performance.now() - due > LATE_MS) this.#wait(ms);
      else this.#gone();
    }, ms);
  }
}
