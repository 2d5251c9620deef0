/** The bytes of one answer between the pane, which does not wait, and a reader, who may be slow. */
export class AnswerBuffer {
  readonly #highWater: number;
  readonly #onFull: (unread: number) => void;
  readonly #onDrained: () => void;
  #chunks: Buffer[] = [];
  #unread = 0;
  #full = false;
  #ended = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  /**
   * @param highWater unread bytes from which on `onFull` is called, with each chunk
   * @param onDrained called once when a quarter of that is left
   */
  constructor(highWater: number, onFull: (unread: number) => void, onDrained: () => void) {
    this.#highWater = highWater;
    this.#onFull = onFull;
    this.#onDrained = onDrained;
  }

  get ended(): boolean {
    return this.#ended;
  }

  push(chunk: Buffer): void {
    if (this.#ended || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#unread += chunk.length;
    if (this.#unread >= this.#highWater) {
      this.#full = true;
      this.#onFull(this.#unread);
    }
    this.#wake?.();
  }

  /** What is unread can still be read; then the reader gets the end, or the error. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  /** All that is there, at most about 64 KiB; undefined: the end. @throws what it ended with, or the signal's reason */
  async next(signal: AbortSignal): Promise<Buffer | undefined> {
    while (this.#chunks.length === 0) {
      if (this.#ended) {
        if (this.#error !== undefined) throw this.#error;
        return undefined;
      }
      signal.throwIfAborted();
      await this.#woken(signal);
    }
    return this.#take();
  }

  #take(): Buffer {
    let [count, length] = [0, 0];
    while (count < this.#chunks.length && (count === 0 || length < 64 * 1024)) {
      length += (this.#chunks[count] as Buffer).length;
      count += 1;
    }
    const taken = this.#chunks.splice(0, count);
    this.#unread -= length;
    if (this.#full && this.#unread <= this.#highWater / 4) {
      this.#full = false;
      this.#onDrained();
    }
    return taken.length === 1 ? (taken[0] as Buffer) : Buffer.concat(taken, length);
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
