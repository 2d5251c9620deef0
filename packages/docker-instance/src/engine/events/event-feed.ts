import type { Readable } from 'node:stream';
import type { Log } from '@ccb/instance-interface';
import { pause, within } from '../stream/deadline.ts';
import { LineSplitter } from '../stream/line-splitter.ts';
import type { ContainerEvent } from './container-event.ts';
import { EventLog } from './event-log.ts';
import type { EventSource } from './event-source.ts';

export interface FeedOptions {
  /** Pauses before the tries to reconnect, ms; the last one again and again. */
  readonly reconnectMs: readonly number[];
  readonly pingMs: number;
  readonly log: Log;
}

export interface FeedListener {
  /** The stream is open; the signal ends with it. */
  opened(connection: AbortSignal): void;
  event(event: ContainerEvent): void;
  /** At once, and again after each try that failed. */
  lost(cause: unknown): void;
}

const OPEN_MS = 10_000;
const PING_MS = 5_000;
// A stream that lives shorter than this does not start the pauses anew: an engine that flaps is not asked without a rest.
const STABLE_MS = 2_000;
const MAX_LINE_BYTES = 1024 * 1024;

/**
 * One engine's events, over as many streams as it takes, each event once. It asks the engine's clock first: a stream
 * `since` then has no gap, though an engine answers before it has subscribed.
 *
 * While it is open it keeps the process alive: somebody waits for an event.
 */
export class EventFeed {
  readonly #source: EventSource;
  readonly #options: FeedOptions;
  readonly #listener: FeedListener;
  readonly #closing = new AbortController();
  #events: EventLog | undefined;

  constructor(source: EventSource, options: FeedOptions, listener: FeedListener) {
    this.#source = source;
    this.#options = options;
    this.#listener = listener;
    void this.#run();
  }

  /** Idempotent. */
  close(): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    const { reconnectMs } = this.#options;
    const closing = this.#closing.signal;
    for (let tries = 0; !closing.aborted; tries += 1) {
      const livedMs = await this.#stream();
      if (livedMs >= STABLE_MS) tries = 0;
      await pause(reconnectMs[Math.min(tries, reconnectMs.length - 1)] ?? 0, closing);
    }
  }

  /** One stream, to its end: how long it lived. */
  async #stream(): Promise<number> {
    const closing = this.#closing.signal;
    const connection = new AbortController();
    let openedAt: number | undefined;
    let stopPings = (): void => {};
    try {
      const stream = await within(OPEN_MS, closing, (signal) => this.#open(signal), destroy);
      const onClose = (): void => void stream.destroy();
      closing.addEventListener('abort', onClose, { once: true });
      try {
        closing.throwIfAborted();
        openedAt = performance.now();
        stopPings = this.#ping(stream);
        this.#listener.opened(connection.signal);
        await this.#read(stream);
      } finally {
        closing.removeEventListener('abort', onClose);
        stream.destroy();
      }
      throw new Error('The stream of events has ended.');
    } catch (cause) {
      connection.abort(cause);
      if (!closing.aborted) this.#listener.lost(cause);
    } finally {
      stopPings();
    }
    return openedAt === undefined ? 0 : performance.now() - openedAt;
  }

  async #open(signal: AbortSignal): Promise<Readable> {
    this.#events ??= new EventLog(await this.#source.now?.(signal));
    return this.#source.open(this.#events.since, signal);
  }

  async #read(stream: Readable): Promise<void> {
    const lines = new LineSplitter(MAX_LINE_BYTES);
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      for (const line of lines.push(chunk)) {
        if (this.#closing.signal.aborted) return;
        this.#take(line);
      }
    }
  }

  #take(line: Buffer): void {
    if (line.length <= 2 && line.toString().trim() === '') return;
    try {
      const event = this.#events?.take(line);
      if (event) this.#listener.event(event);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const said = line.toString('utf8', 0, 200);
      this.#options.log({ level: 'warn', event: 'engine.event_malformed', said, reason: error.message });
    }
  }

  /** An idle stream of an engine that is gone without a word looks like one without events. */
  #ping(stream: Readable): () => void {
    const ending = new AbortController();
    const { source, every } = { source: this.#source, every: this.#options.pingMs };
    void (async () => {
      while (source.alive) {
        await pause(every, ending.signal);
        if (ending.signal.aborted) return;
        try {
          await within(PING_MS, ending.signal, async (signal) => source.alive?.(signal));
        } catch (cause) {
          stream.destroy(new Error('The engine does not answer.', { cause }));
          return;
        }
      }
    })();
    return () => ending.abort();
  }
}

function destroy(stream: Readable): void {
  stream.on('error', () => {});
  stream.destroy();
}
