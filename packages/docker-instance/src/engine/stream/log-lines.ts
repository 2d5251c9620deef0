import type { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { InstanceError } from '@ccb/instance-interface';
import type { LogLine } from '../engine.ts';
import { Demultiplexer, FramingError, type StreamPart } from './demultiplex.ts';
import { LineSplitter } from './line-splitter.ts';

export interface LogLinesOptions {
  /** Of the container: its log has no frames, and is all stdout. */
  readonly tty: boolean;
  /** Ends the reading with its reason. */
  readonly signal?: AbortSignal | undefined;
}

const MAX_LINE_BYTES = 64 * 1024;

/**
 * The lines of a container's log, each stream's in order. A line beyond 64 KiB comes in pieces. Leaving the loop, like
 * the signal, destroys the stream.
 *
 * @throws {InstanceError} CCB_BACKEND_UNREACHABLE when the stream breaks instead of ending, CCB_PROTOCOL
 */
export async function* logLines(stream: Readable, options: LogLinesOptions): AsyncGenerator<LogLine, void, void> {
  const { tty, signal } = options;
  const demultiplexer = tty ? undefined : new Demultiplexer();
  const texts = { stdout: new LineDecoder(), stderr: new LineDecoder() };
  const onAbort = (): void => void stream.destroy();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    for await (const chunk of bytesOf(stream, signal)) {
      for (const part of partsOf(chunk, demultiplexer)) {
        if (part instanceof FramingError) throw part;
        for (const text of texts[part.stream].push(part.bytes)) {
          yield { stream: part.stream, text };
          signal?.throwIfAborted();
        }
      }
    }
    for (const name of ['stdout', 'stderr'] as const) {
      const text = texts[name].end();
      if (text !== '') yield { stream: name, text };
    }
    endOf(demultiplexer);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}

async function* bytesOf(stream: Readable, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* stream;
  } catch (cause) {
    signal?.throwIfAborted();
    throw InstanceError.is(cause) ? cause : lost(cause);
  }
}

/** In front of a broken frame stands good output: it comes first. */
function partsOf(chunk: Uint8Array, demultiplexer: Demultiplexer | undefined): readonly (StreamPart | FramingError)[] {
  if (!demultiplexer) return [{ stream: 'stdout', bytes: chunk }];
  try {
    return demultiplexer.feed(chunk);
  } catch (error) {
    if (!(error instanceof FramingError)) throw error;
    return [...error.before, error];
  }
}

/** An engine that dies may still end the stream cleanly, but not at the end of a frame. */
function endOf(demultiplexer: Demultiplexer | undefined): void {
  try {
    demultiplexer?.end();
  } catch (cause) {
    throw lost(cause);
  }
}

function lost(cause: unknown): InstanceError {
  return new InstanceError(
    'CCB_BACKEND_UNREACHABLE',
    "The engine's log stream broke off. Is the engine running? Read the log again.",
    { cause, retryable: true },
  );
}

class LineDecoder {
  readonly #splitter: LineSplitter = new LineSplitter(MAX_LINE_BYTES);
  readonly #decoder: TextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

  *push(bytes: Uint8Array): Generator<string, void, void> {
    for (const line of this.#splitter.push(bytes)) yield this.#decoder.decode(line, { stream: true });
  }

  end(): string {
    return this.#decoder.decode(this.#splitter.end());
  }
}
