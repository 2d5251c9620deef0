/** What lies between hosts and a place. While it is frozen nothing gets through, and nothing is lost. */
export class MemoryWire {
  #held: (() => void)[] | undefined;

  /** Gets there in the order in which it was sent. */
  pass(message: () => void): void {
    if (this.#held === undefined) message();
    else this.#held.push(message);
  }

  /** Resolves when the other side answers. @throws the signal's reason */
  reach(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      this.pass(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }

  get frozen(): boolean {
    return this.#held !== undefined;
  }

  freeze(): void {
    this.#held ??= [];
  }

  thaw(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const message of held) message();
  }
}
