// What setTimeout can hold; longer deadlines are reached in several legs.
const longestLegMs = 2 ** 31 - 1;
// A timer may fire a fraction of a millisecond before the clock agrees.
const earlyMs = 1;

export interface Deadline {
  /** On the clock of `performance.now()`. */
  readonly at: number;
  readonly hold: boolean;
  readonly expire: () => void;
}

/** All deadlines of an instance on one timer. No timer is armed while there is none. */
export class Deadlines {
  /** Latest first, so that the next one is popped. */
  readonly #pending: Deadline[] = [];
  #holding = 0;
  #timer: NodeJS.Timeout | undefined;
  #armedFor = 0;

  /**
   * Calls `expire` once, `ms` milliseconds from now.
   * @param hold keeps the process alive: for a wait that somebody awaits, not for a command that its backend keeps alive
   */
  add(ms: number, expire: () => void, hold: boolean): Deadline {
    const deadline: Deadline = { at: performance.now() + ms, hold, expire };
    let index = this.#pending.length;
    while (index > 0 && (this.#pending[index - 1] as Deadline).at <= deadline.at) index--;
    this.#pending.splice(index, 0, deadline);
    if (hold) this.#holding++;
    this.#arm();
    return deadline;
  }

  /** Forgets it; nothing happens when it has expired or was removed. */
  remove(deadline: Deadline | undefined): void {
    if (deadline === undefined) return;
    const index = this.#pending.indexOf(deadline);
    if (index === -1) return;
    this.#pending.splice(index, 1);
    if (deadline.hold) this.#holding--;
    this.#arm();
  }

  #arm(): void {
    const next = this.#pending.at(-1);
    if (next?.at !== this.#armedFor) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    if (next === undefined) return;
    if (this.#timer === undefined) {
      const ms = Math.min(Math.max(0, next.at - performance.now()), longestLegMs);
      this.#armedFor = next.at;
      this.#timer = setTimeout(() => this.#fire(), ms);
    }
    if (this.#holding > 0) this.#timer.ref();
    else this.#timer.unref();
  }

  #fire(): void {
    this.#timer = undefined;
    const now = performance.now() + earlyMs;
    for (let next = this.#pending.at(-1); next !== undefined && next.at <= now; next = this.#pending.at(-1)) {
      this.#pending.pop();
      if (next.hold) this.#holding--;
      next.expire();
    }
    this.#arm();
  }
}
