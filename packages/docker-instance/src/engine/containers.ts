import type { CallOptions } from '@ccb/instance-interface';
import { containerInspection } from './container-inspection.ts';
import { containerUsage } from './container-usage.ts';
import type { ContainerConfig, ContainerInspection, ContainerSummary, ContainerUsage } from './engine.ts';
import { isNotRunning, type Subject } from './errors.ts';
import { Fields } from './fields.ts';
import type { Answer, Request, Wire } from './wire.ts';

const CREATE_MS = 30_000;
const ENGINE_MS = 10_000;
const REMOVE_MS = 30_000;

/** What happens to a container as a whole. */
export class Containers {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  async create(name: string, config: ContainerConfig, call?: CallOptions): Promise<string> {
    const asked = about(name, `create the container ${name}`);
    const request: Request = {
      ...asked,
      method: 'POST',
      path: '/containers/create',
      query: { name },
      body: config,
      env: config.Env,
      needs: ['Id'],
      timeoutMs: CREATE_MS,
    };
    return (await this.#wire.askFields(request, call)).text('Id');
  }

  async inspect(id: string, call?: CallOptions): Promise<ContainerInspection> {
    const asked = about(id, `inspect the container ${id}`);
    const needs = ['Id', 'Config', 'State'];
    const found = await this.#wire.askFields({ ...asked, method: 'GET', path: `${pathOf(id)}/json`, needs }, call);
    return containerInspection(found);
  }

  async start(id: string, call?: CallOptions): Promise<boolean> {
    const answer = await this.#wire.ask(
      {
        ...about(id, `start the container ${id}`),
        method: 'POST',
        path: `${pathOf(id)}/start`,
        accept: [304],
        timeoutMs: CREATE_MS,
      },
      call,
    );
    return answer.status !== 304;
  }

  async stop(id: string, graceMs: number, call?: CallOptions): Promise<boolean> {
    const answer = await this.#wire.ask(
      {
        ...about(id, `stop the container ${id}`),
        method: 'POST',
        path: `${pathOf(id)}/stop`,
        query: { t: Math.ceil(graceMs / 1000) },
        accept: [304],
        timeoutMs: graceMs + ENGINE_MS,
      },
      call,
    );
    return answer.status !== 304;
  }

  async kill(id: string, signal: string, call?: CallOptions): Promise<void> {
    const asked = about(id, `send ${signal} to the container ${id}`);
    await this.#unlessIdle(
      { ...asked, method: 'POST', path: `${pathOf(id)}/kill`, query: { signal }, accept: [404] },
      call,
    );
  }

  async remove(id: string, call?: CallOptions): Promise<void> {
    const asked = about(id, `remove the container ${id}`);
    const path = pathOf(id);
    const timeoutMs = call?.timeoutMs ?? REMOVE_MS;
    const request: Request = {
      ...asked,
      method: 'DELETE',
      path,
      query: { force: true, v: true },
      accept: [404, 409],
      timeoutMs,
    };
    const { status } = await this.#wire.ask(request, call);
    if (status !== 409) return;
    // Somebody else is removing it: the name is free when they are done.
    await this.#wire.ask(
      {
        ...asked,
        method: 'POST',
        path: `${path}/wait`,
        query: { condition: 'removed' },
        accept: [404],
        timeoutMs,
      },
      call,
    );
  }

  async list(
    filter: { readonly labels?: readonly string[]; readonly ancestor?: string } = {},
    call?: CallOptions,
  ): Promise<readonly ContainerSummary[]> {
    const filters = {
      ...(filter.labels === undefined ? {} : { label: filter.labels }),
      ...(filter.ancestor === undefined ? {} : { ancestor: [filter.ancestor] }),
    };
    const asked = { doing: 'list its containers', subject: { kind: 'engine', name: this.#wire.address } } as const;
    const query = { all: true, filters: JSON.stringify(filters) };
    const found = await this.#wire.askList({ ...asked, method: 'GET', path: '/containers/json', query }, call);
    return found.map(summaryOf);
  }

  async processes(id: string, call?: CallOptions): Promise<readonly string[]> {
    const asked = about(id, `list the processes of the container ${id}`);
    const answer = await this.#unlessIdle({ ...asked, method: 'GET', path: `${pathOf(id)}/top` }, call);
    if (answer === undefined) return [];
    const found = new Fields(this.#wire.parse(answer, asked));
    const titles = found.texts('Titles');
    const column = titles.findIndex((title) => /^(CMD|COMMAND|ARGS)$/i.test(title));
    return found.list('Processes').flatMap((row) => {
      const line: unknown = Array.isArray(row) ? row.at(column) : undefined;
      return typeof line === 'string' ? [line] : [];
    });
  }

  async usage(id: string, call?: CallOptions): Promise<ContainerUsage> {
    const asked = about(id, `measure the container ${id}`);
    const query = { stream: false };
    return containerUsage(
      await this.#wire.askFields({ ...asked, method: 'GET', path: `${pathOf(id)}/stats`, query }, call),
    );
  }

  async putArchive(id: string, directory: string, tar: Buffer, call?: CallOptions): Promise<void> {
    await this.#wire.ask(
      {
        ...about(id, `unpack files into ${directory} of the container ${id}`),
        method: 'PUT',
        path: `${pathOf(id)}/archive`,
        query: { path: directory },
        file: tar,
        timeoutMs: CREATE_MS,
      },
      call,
    );
  }

  /** undefined: the container does not run. */
  async #unlessIdle(request: Request, call?: CallOptions): Promise<Answer | undefined> {
    const accept = [...(request.accept ?? []), 409, 500];
    const answer = await this.#wire.ask({ ...request, accept }, call);
    if (answer.status < 300 || request.accept?.includes(answer.status)) return answer;
    if (isNotRunning(answer.status, answer.text)) return undefined;
    throw this.#wire.refusal(answer, request);
  }
}

export function pathOf(id: string): string {
  return `/containers/${encodeURIComponent(id)}`;
}

export function about(name: string, doing: string): { readonly doing: string; readonly subject: Subject } {
  return { doing, subject: { kind: 'container', name } };
}

function summaryOf(value: unknown): ContainerSummary {
  const found = new Fields(value);
  return {
    id: found.text('Id'),
    name: (found.texts('Names')[0] ?? '').replace(/^\//, ''),
    image: found.text('Image'),
    labels: found.in('Labels').textMap(),
    status: found.text('State'),
  };
}
