import { type Duplex, Readable, Writable } from 'node:stream';
import { InstanceError } from '@ccb/instance-interface';
import type { ExecSession } from '../engine.ts';
import { Demultiplexer, FramingError, type StreamPart } from './demultiplex.ts';
import { exitOf, type InspectExit } from './exec-exit.ts';
import { Tail } from './tail.ts';

export interface ExecSessionOptions {
  /** Its streams are a terminal's: no frames, all stdout. */
  readonly tty: boolean;
  /** Asked after the end of the streams. */
  readonly inspectExit: InspectExit;
  /** How much of stderr is kept. Default 8 KiB. */
  readonly stderrTailBytes?: number | undefined;
}

export interface AttachedExec extends ExecSession {
  /** Set when the connection broke instead of ending. (An engine that dies may also end it cleanly: then only `exit` tells.) */
  readonly lost: InstanceError | undefined;
}

const END_OF_TRANSMISSION = '\x04';
const STDERR_TAIL_BYTES = 8 * 1024;

/**
 * The streams of a running exec over the engine's upgraded connection, which is the session's from now on.
 *
 * - `stdin`: a write is done when the connection took it; `end()` is the end of the program's stdin (of a terminal:
 *   Ctrl-D). When the program or the engine is gone it closes without an `error`: a write then fails in its callback.
 * - `stdout`: when nobody reads, the connection rests, and with it stderr, the end, and `exit`. Destroying it lets go.
 */
export function openExecSession(duplex: Duplex, options: ExecSessionOptions): AttachedExec {
  return new DuplexSession(duplex, options);
}

class DuplexSession implements AttachedExec {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly exit: Promise<number | undefined>;
  lost: InstanceError | undefined;
  readonly #duplex: Duplex;
  readonly #demultiplexer: Demultiplexer | undefined;
  readonly #stderr: Tail;
  readonly #closed: AbortController = new AbortController();
  #ended = false;
  #tellEnd: () => void = () => {};

  constructor(duplex: Duplex, options: ExecSessionOptions) {
    this.#duplex = duplex;
    this.#demultiplexer = options.tty ? undefined : new Demultiplexer();
    this.#stderr = new Tail(options.stderrTailBytes ?? STDERR_TAIL_BYTES);
    this.stdin = this.#makeStdin();
    this.stdout = this.#makeStdout();
    const ended = new Promise<void>((resolve) => {
      this.#tellEnd = resolve;
    });
    this.exit = ended.then(() => exitOf(options.inspectExit, this.#closed.signal));

    duplex.on('data', this.#take);
    duplex.once('end', () => this.#end());
    duplex.on('error', (cause) => this.#end(cause));
    duplex.once('close', () => this.#end(new Error('The connection was closed.')));
    if (duplex.destroyed) this.#end(duplex.errored ?? new Error('The connection was closed.'));
  }

  stderrTail(): string {
    return this.#stderr.toString();
  }

  close(): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    this.#finish();
  }

  #makeStdin(): Writable {
    return new Writable({
      write: (bytes: Buffer, _encoding, callback) => this.#write(bytes, callback),
      writev: (chunks, callback) => this.#write(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), callback),
      final: (callback) => {
        this.#endInput();
        callback();
      },
      destroy: (error, callback) => {
        if (!this.#ended && !this.stdin.writableFinished) this.#endInput();
        callback(error);
      },
    });
  }

  #makeStdout(): Readable {
    return new Readable({
      read: () => void this.#duplex.resume(),
      destroy: (error, callback) => {
        if (!this.#ended) this.close();
        callback(error);
      },
    });
  }

  #write(bytes: Buffer, callback: (error?: Error | null) => void): void {
    this.#duplex.write(bytes, (error) => {
      if (error) this.#end(error);
      // A write in flight "succeeds" when its socket is destroyed.
      callback(error ?? (this.#ended ? new Error('The program or the engine is gone.') : null));
    });
  }

  #endInput(): void {
    // An engine takes the half-closed connection of a terminal for a detach, and drops its output.
    if (this.#demultiplexer) this.#duplex.end();
    else this.#duplex.write(END_OF_TRANSMISSION);
  }

  readonly #take = (chunk: Uint8Array): void => {
    if (this.#ended) return;
    try {
      this.#deliver(this.#demultiplexer?.feed(chunk) ?? [{ stream: 'stdout', bytes: chunk }]);
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      this.#deliver(error.before);
      this.#end(error);
    }
  };

  #deliver(parts: readonly StreamPart[]): void {
    for (const { stream, bytes } of parts) {
      if (stream === 'stderr') this.#stderr.push(bytes);
      else if (!this.stdout.push(bytes)) this.#duplex.pause();
    }
  }

  #end(cause?: Error): void {
    if (this.#ended) return;
    this.lost = cause instanceof FramingError ? cause : cause ? broken(cause) : this.#torn();
    this.#finish();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.stdout.push(null);
    // Without an error: the program is gone, and who still writes learns it in the callback.
    this.stdin.destroy();
    this.#duplex.destroy();
    this.#tellEnd();
  }

  #torn(): InstanceError | undefined {
    try {
      this.#demultiplexer?.end();
      return undefined;
    } catch (cause) {
      return broken(cause);
    }
  }
}

function broken(cause: unknown): InstanceError {
  return new InstanceError(
    'CCB_BACKEND_UNREACHABLE',
    'The connection to the exec broke off. Is the engine running? What the program did is not known.',
    { cause, retryable: false },
  );
}
