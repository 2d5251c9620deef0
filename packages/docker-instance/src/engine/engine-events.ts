import type { Readable } from 'node:stream';
import { InstanceError } from '@ccb/instance-interface';
import type { Containers } from './containers.ts';
import type { ContainerInspection } from './engine.ts';
import type { Asked } from './errors.ts';
import type { EventSource } from './events/event-source.ts';
import type { Wire } from './wire.ts';

/** What the hub of events needs, over the wire. */
export class EngineEvents implements EventSource {
  readonly #wire: Wire;
  readonly #containers: Containers;

  constructor(wire: Wire, containers: Containers) {
    this.#wire = wire;
    this.#containers = containers;
  }

  open(since: Date | undefined, signal: AbortSignal): Promise<Readable> {
    const query = {
      filters: JSON.stringify({ type: ['container'] }),
      ...(since === undefined ? {} : { since: since.getTime() / 1000 }),
    };
    return this.#wire.open({ ...this.#asked('tell its events'), method: 'GET', path: '/events', query }, { signal });
  }

  async inspect(container: string, signal: AbortSignal): Promise<ContainerInspection | undefined> {
    try {
      return await this.#containers.inspect(container, { signal });
    } catch (error) {
      if (InstanceError.is(error, 'CCB_NOT_FOUND')) return undefined;
      throw error;
    }
  }

  alive(signal: AbortSignal): Promise<unknown> {
    return this.#wire.ask({ ...this.#asked('say that it is there'), method: 'GET', path: '/_ping' }, { signal });
  }

  async now(signal: AbortSignal): Promise<Date | undefined> {
    const info = await this.#wire.askFields(
      { ...this.#asked('tell its time'), method: 'GET', path: '/info' },
      { signal },
    );
    const now = new Date(info.text('SystemTime'));
    return Number.isNaN(now.getTime()) ? undefined : now;
  }

  #asked(doing: string): Asked {
    return { doing, subject: { kind: 'engine', name: this.#wire.address } };
  }
}
