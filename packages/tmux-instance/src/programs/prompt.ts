/** Whether a program awaits a command, and who waits for that. */
export class Prompt {
  #isThere = false;
  #waiting: (() => void)[] = [];

  get isThere(): boolean {
    return this.#isThere;
  }

  arrived(): void {
    this.#isThere = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** A command was given to it. */
  left(): void {
    this.#isThere = false;
  }

  /** @throws the signal's reason */
  async when(signal: AbortSignal): Promise<void> {
    while (!this.#isThere) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#waiting.push(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }
}
