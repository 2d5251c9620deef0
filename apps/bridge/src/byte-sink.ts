import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** The reader of an output went away, as in `ccb run … | head -1`. */
export class BrokenPipeError extends Error {
  override readonly name = 'BrokenPipeError';
}

/** A stream of bytes to the outside that never holds more than one piece: a slow reader is waited for. */
export class ByteSink {
  readonly #stream: Writable;
  readonly #name: string;
  #failure: Error | undefined;

  constructor(stream: Writable, name: string) {
    this.#stream = stream;
    this.#name = name;
    stream.on('error', (error) => {
      this.#failure ??= error;
    });
  }

  /** Resolves when the next piece may come. @throws {BrokenPipeError} when the reader is gone; `signal.reason` when aborted. */
  async write(piece: string | Uint8Array, signal: AbortSignal): Promise<void> {
    this.#check();
    if (this.#stream.write(piece)) return;
    try {
      await once(this.#stream, 'drain', { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw this.#translated(error);
    }
  }

  /** Resolves when everything written is with the kernel. Throws as `write` does. */
  async flush(signal: AbortSignal): Promise<void> {
    this.#check();
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      this.#stream.write('', (error) => {
        signal.removeEventListener('abort', abort);
        if (error) reject(this.#translated(this.#failure ?? error));
        else resolve();
      });
    });
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#translated(this.#failure);
  }

  #translated(cause: unknown): Error {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EPIPE') {
      return new BrokenPipeError(`The reader of ${this.#name} is gone.`, { cause });
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    return new Error(`Cannot write to ${this.#name}: ${why}. Make room, or send the output elsewhere.`, { cause });
  }
}
