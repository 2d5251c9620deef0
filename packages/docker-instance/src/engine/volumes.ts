import type { CallOptions } from '@ccb/instance-interface';
import type { Labels } from './engine.ts';
import type { Subject } from './errors.ts';
import type { Wire } from './wire.ts';

export class Volumes {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** One that is there already stays as it is. */
  async create(name: string, labels: Labels, call?: CallOptions): Promise<void> {
    await this.#wire.ask(
      {
        ...about(name, `create the volume ${name}`),
        method: 'POST',
        path: '/volumes/create',
        body: { Name: name, Labels: labels },
      },
      call,
    );
  }

  async remove(name: string, call?: CallOptions): Promise<void> {
    const asked = about(name, `remove the volume ${name}`);
    const path = `/volumes/${encodeURIComponent(name)}`;
    await this.#wire.ask({ ...asked, method: 'DELETE', path, accept: [404] }, call);
  }
}

function about(name: string, doing: string): { readonly doing: string; readonly subject: Subject } {
  return { doing, subject: { kind: 'volume', name } };
}
