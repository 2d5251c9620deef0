/**
 * Sees to it that an interrupt is not lost. Claude Code answers each one at once, but one that comes before it has begun
 * with a prompt stops nothing: it is said again when the turn then shows itself. And none may be on its way when the next
 * prompt is written, or it would end that one.
 */
export class Interrupting {
  readonly #send: () => Promise<unknown>;
  #wanted = false;
  #open = 0;
  #settled: (() => void)[] = [];

  /** @param send asks Claude Code; settles with its answer, or when it is gone */
  constructor(send: () => Promise<unknown>) {
    this.#send = send;
  }

  get isWanted(): boolean {
    return this.#wanted;
  }

  /** One is on its way. */
  get isOpen(): boolean {
    return this.#open > 0;
  }

  request(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#again();
  }

  /** The turn goes on. */
  progress(): void {
    if (this.#wanted && this.#open === 0) this.#again();
  }

  /** The turn has ended. */
  over(): void {
    this.#wanted = false;
  }

  /** Resolves when none is on its way. */
  settled(): Promise<void> {
    return this.#open === 0 ? Promise.resolve() : new Promise((resolve) => this.#settled.push(resolve));
  }

  #again(): void {
    this.#open += 1;
    const answered = (): void => {
      this.#open -= 1;
      if (this.#open === 0) for (const settled of this.#settled.splice(0)) settled();
    };
    this.#send().then(answered, answered);
  }
}
