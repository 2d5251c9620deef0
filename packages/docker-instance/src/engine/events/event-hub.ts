import { InstanceError, type Log } from '@ccb/instance-interface';
import type { EngineEvent } from '../engine.ts';
import { EventFeed } from './event-feed.ts';
import type { EventSource } from './event-source.ts';
import { Watcher } from './watcher.ts';

export interface EventHubOptions {
  /** Pauses before the tries to reconnect, ms; the last one again and again. Default: at once, then 50 ms to 2 s. */
  readonly reconnectMs?: readonly number[] | undefined;
  /** How often the engine is asked whether it is there, ms, while there are watchers. It has 5 s to answer. Default 30 s. */
  readonly pingMs?: number | undefined;
  readonly log?: Log | undefined;
}

const RECONNECT_MS = [0, 50, 100, 200, 500, 1_000, 2_000];
const PING_EVERY_MS = 30_000;

/**
 * All watchers of an engine share one stream of events, open from the first watch to the end of the last: in between it
 * keeps the process alive, and after it nothing is left.
 *
 * A watcher misses nothing that happens after `watch` returned. Beside an open stream it just joins. Otherwise it gets
 * the events since the opening began and then `back` with an inspection, which knows what happened before that: so after
 * a loss, and so at first. An inspection is never older than an event that was told before it. Events come once each, in
 * the engine's order and with its time; `lost` and `back` have this machine's time.
 *
 * `lost` is told as soon as the stream ends, or a ping fails: a remote engine that is gone without a word is noticed
 * within 35 s.
 */
export class EventHub {
  readonly #source: EventSource;
  readonly #options: EventHubOptions;
  readonly #log: Log;
  readonly #watchers: Set<Watcher> = new Set();
  #feed: EventFeed | undefined;
  #state: 'opening' | 'open' | 'lost' = 'opening';
  #closed = false;

  constructor(source: EventSource, options: EventHubOptions = {}) {
    this.#source = source;
    this.#options = options;
    this.#log = (entry) => {
      try {
        options.log?.(entry);
      } catch {
        // A log hook never breaks what it watches.
      }
    };
  }

  /**
   * `container`: its id, the beginning of it, or its name. Returns the end of the watching, idempotent.
   *
   * @throws {InstanceError} CCB_CLOSED
   */
  watch(container: string, listener: (event: EngineEvent) => void): () => void {
    if (this.#closed) throw new InstanceError('CCB_CLOSED', `${container} cannot be watched: the engine was closed.`);
    const watcher = new Watcher(container, listener, this.#log);
    this.#watchers.add(watcher);
    this.#feed ??= this.#open();
    // Not inside the call: the caller has no way to end the watching yet.
    if (this.#state === 'lost') queueMicrotask(() => this.#state === 'lost' && watcher.lost());
    return () => {
      watcher.end();
      if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#release();
    };
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    for (const watcher of this.#watchers) watcher.end();
    this.#watchers.clear();
    this.#release();
  }

  #open(): EventFeed {
    const { reconnectMs = RECONNECT_MS, pingMs = PING_EVERY_MS } = this.#options;
    this.#state = 'opening';
    return new EventFeed(
      this.#source,
      { reconnectMs, pingMs, log: this.#log },
      {
        opened: (connection) => this.#onOpen(connection),
        event: (event) => {
          for (const watcher of [...this.#watchers]) watcher.take(event);
        },
        lost: (cause) => this.#onLost(cause),
      },
    );
  }

  #release(): void {
    this.#feed?.close();
    this.#feed = undefined;
  }

  #onOpen(connection: AbortSignal): void {
    if (this.#state === 'lost') this.#log({ level: 'info', event: 'engine.events_back' });
    this.#state = 'open';
    for (const watcher of this.#watchers) void watcher.reconcile(this.#source, connection);
  }

  #onLost(cause: unknown): void {
    if (this.#state !== 'lost') this.#log({ level: 'warn', event: 'engine.events_lost', reason: String(cause) });
    this.#state = 'lost';
    for (const watcher of [...this.#watchers]) watcher.lost();
  }
}
