import type { Log } from '@ccb/instance-interface';
import { anySignal } from '@ccb/instance-interface/abstract';
import type { ContainerInspection, EngineEvent } from '../engine.ts';
import { pause, within } from '../stream/deadline.ts';
import type { ContainerEvent } from './container-event.ts';
import type { EventSource } from './event-source.ts';

const INSPECT_MS = 5_000;
const INSPECT_PAUSES_MS = [50, 200, 1_000, 2_000];

/** One container of one listener. */
export class Watcher {
  readonly #container: string;
  readonly #listener: (event: EngineEvent) => void;
  readonly #log: Log;
  readonly #ended = new AbortController();
  /** Once it is known, an id prefix means no other container, and a renamed one is still ours. */
  #id: string | undefined;
  #lost = false;
  #told = 0;

  constructor(container: string, listener: (event: EngineEvent) => void, log: Log) {
    this.#container = container.replace(/^\//, '');
    this.#listener = listener;
    this.#log = log;
  }

  end(): void {
    this.#ended.abort();
  }

  take({ id, name, event }: ContainerEvent): void {
    if (!this.#means(id, name)) return;
    this.#id = id;
    this.#tell(event);
  }

  /** Told once, until it is back. */
  lost(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#tell({ action: 'lost', at: new Date() });
  }

  /**
   * Tells `back` with an inspection that is no older than any event that was told: one that came in the meantime makes
   * it ask again. Ends with the connection.
   */
  async reconcile(source: EventSource, connection: AbortSignal): Promise<void> {
    const ending = anySignal(connection, this.#ended.signal);
    for (let tries = 0; !ending.aborted; ) {
      const told = this.#told;
      try {
        const inspection = await within(INSPECT_MS, ending, (signal) => source.inspect(this.#container, signal));
        if (ending.aborted) return;
        if (told === this.#told) return this.#back(inspection);
      } catch (error) {
        if (ending.aborted) return;
        this.#log({ level: 'warn', event: 'engine.inspect_failed', container: this.#container, reason: String(error) });
        await pause(INSPECT_PAUSES_MS[Math.min(tries, INSPECT_PAUSES_MS.length - 1)] ?? 0, ending);
        tries += 1;
      }
    }
  }

  #back(inspection: ContainerInspection | undefined): void {
    this.#lost = false;
    if (inspection) this.#id = inspection.id;
    this.#tell({ action: 'back', at: new Date(), inspection });
  }

  #means(id: string, name: string | undefined): boolean {
    if (id === this.#container || name === this.#container) return true;
    if (this.#id !== undefined) return id === this.#id;
    return /^[0-9a-f]+$/.test(this.#container) && id.startsWith(this.#container);
  }

  #tell(event: EngineEvent): void {
    if (this.#ended.signal.aborted) return;
    this.#told += 1;
    try {
      this.#listener(event);
    } catch (error) {
      const { action } = event;
      this.#log({
        level: 'error',
        event: 'engine.listener_threw',
        container: this.#container,
        action,
        reason: String(error),
      });
    }
  }
}
