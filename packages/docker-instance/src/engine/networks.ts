import type { CallOptions } from '@ccb/instance-interface';
import type { Labels, NetworkInspection } from './engine.ts';
import type { Subject } from './errors.ts';
import type { Wire } from './wire.ts';

export class Networks {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  async inspect(name: string, call?: CallOptions): Promise<NetworkInspection | undefined> {
    const asked = about(name, `inspect the network ${name}`);
    const answer = await this.#wire.ask({ ...asked, method: 'GET', path: pathOf(name), accept: [404] }, call);
    if (answer.status === 404) return undefined;
    const found = this.#wire.fieldsOf(answer, { ...asked, needs: ['Name'] });
    return { name: found.text('Name'), labels: found.in('Labels').textMap() };
  }

  async create(name: string, labels: Labels, call?: CallOptions): Promise<void> {
    await this.#wire.ask(
      {
        ...about(name, `create the network ${name}`),
        method: 'POST',
        path: '/networks/create',
        // Engines before 25 make a second one of the same name when they are not told to look.
        body: { Name: name, Labels: labels, CheckDuplicate: true },
      },
      call,
    );
  }

  async remove(name: string, call?: CallOptions): Promise<void> {
    const asked = about(name, `remove the network ${name}`);
    await this.#wire.ask({ ...asked, method: 'DELETE', path: pathOf(name), accept: [404] }, call);
  }
}

function pathOf(name: string): string {
  return `/networks/${encodeURIComponent(name)}`;
}

function about(name: string, doing: string): { readonly doing: string; readonly subject: Subject } {
  return { doing, subject: { kind: 'network', name } };
}
