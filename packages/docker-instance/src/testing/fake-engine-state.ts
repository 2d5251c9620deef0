import { randomBytes } from 'node:crypto';

export interface FakeRequest {
  readonly method: string;
  /** As it came: path and query. */
  readonly url: string;
  /** What was sent beside the URL; a tar as latin1. */
  readonly body: string;
}

export interface FakeReply {
  readonly status: number;
  readonly body?: unknown;
  /** Instead of a body: pieces as they are; it stays open when `open`. */
  readonly raw?: Buffer;
  readonly open?: boolean;
}

export interface FakeContainer {
  readonly id: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  status: 'created' | 'running' | 'exited';
  exitCode: number;
  log: Buffer;
}

export interface FakeExecRecord {
  readonly id: string;
  readonly argv: readonly string[];
  running: boolean;
  exitCode: number | null;
}

export interface FakeEvent {
  readonly Type: 'container';
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly time: number;
  readonly timeNano: number;
}

const NO_CONTENT: FakeReply = { status: 204 };

/** What the engine has and does, without a wire. */
export class FakeEngineState {
  readonly containers: Map<string, FakeContainer> = new Map();
  readonly execs: Map<string, FakeExecRecord> = new Map();
  readonly images: Set<string> = new Set();
  readonly networks: Map<string, unknown> = new Map();
  readonly volumes: Map<string, unknown> = new Map();
  apiVersion = '1.41';
  onEvent: (event: FakeEvent) => void = () => {};

  answer(request: FakeRequest): FakeReply {
    const url = new URL(request.url, 'http://engine');
    const [collection = '', ...rest] = url.pathname.slice(1).split('/').map(decodeURIComponent);
    switch (collection) {
      case 'version':
        return ok({ Version: '20.10.24', ApiVersion: this.apiVersion, Os: 'linux', Components: [{ Name: 'Engine' }] });
      case 'info':
        return ok({ SecurityOptions: ['name=seccomp,profile=default'], SystemTime: new Date().toISOString() });
      case '_ping':
        return { status: 200, raw: Buffer.from('OK') };
      case 'containers':
        return this.#container(request, url, rest);
      case 'exec':
        return this.#exec(rest);
      case 'images':
      case 'build':
        return this.#image(request, url, collection === 'build' ? ['build'] : rest);
      case 'networks':
        return named(this.networks, 'network', request, rest);
      case 'volumes':
        return named(this.volumes, 'volume', request, rest);
      default:
        return refusal(404, `page not found: ${url.pathname}`);
    }
  }

  find(idOrName: string): FakeContainer | undefined {
    for (const one of this.containers.values()) if (one.name === idOrName || one.id === idOrName) return one;
    return undefined;
  }

  /** A change that nobody asked for: the program ended by itself. */
  die(id: string, exitCode: number): void {
    const container = this.find(id);
    if (container === undefined) return;
    container.status = 'exited';
    container.exitCode = exitCode;
    this.#tell(container, 'die', { exitCode: String(exitCode) });
  }

  #container(request: FakeRequest, url: URL, [id = '', verb = '']: readonly string[]): FakeReply {
    if (id === 'json') return ok([...this.containers.values()].map(summary));
    if (id === 'create') return this.#create(url.searchParams.get('name') ?? '', JSON.parse(request.body));
    const container = this.find(id);
    if (container === undefined) return refusal(404, `No such container: ${id}`);
    const running = container.status === 'running';
    if (request.method === 'DELETE') {
      this.containers.delete(container.id);
      this.#tell(container, 'destroy');
      return NO_CONTENT;
    }
    switch (verb) {
      case 'json':
        return ok(inspection(container));
      case 'start':
        if (running) return { status: 304 };
        container.status = 'running';
        this.#tell(container, 'start');
        return NO_CONTENT;
      case 'stop':
        if (!running) return { status: 304 };
        this.die(id, 143);
        return NO_CONTENT;
      case 'kill':
        if (!running) return refusal(409, `Cannot kill container: ${id}: Container ${id} is not running`);
        this.die(id, 137);
        return NO_CONTENT;
      case 'wait':
        return ok({ StatusCode: container.exitCode });
      case 'top':
        if (!running) return refusal(500, `Container ${id} is not running`);
        return ok({ Titles: ['UID', 'PID', 'CMD'], Processes: [['root', '1', 'sleep 100']] });
      case 'stats':
        return ok({
          memory_stats: { usage: 3000, stats: { inactive_file: 1000 } },
          pids_stats: { current: 2 },
          cpu_stats: { cpu_usage: { total_usage: 200 }, system_cpu_usage: 1000, online_cpus: 2 },
          precpu_stats: { cpu_usage: { total_usage: 100 }, system_cpu_usage: 500 },
        });
      case 'logs':
        return { status: 200, raw: container.log, open: url.searchParams.get('follow') === 'true' };
      case 'archive':
        return { status: 200 };
      case 'exec': {
        if (!running) return refusal(409, `Container ${id} is not running`);
        const exec = { id: newId(), argv: JSON.parse(request.body).Cmd, running: true, exitCode: null };
        this.execs.set(exec.id, exec);
        return { status: 201, body: { Id: exec.id } };
      }
      default:
        return refusal(404, `page not found: ${url.pathname}`);
    }
  }

  #create(name: string, config: Readonly<Record<string, unknown>>): FakeReply {
    if (this.find(name))
      return refusal(409, `Conflict. The container name "/${name}" is already in use by container "0"`);
    if (!this.images.has(String(config.Image))) return refusal(404, `No such image: ${config.Image}`);
    const log = Buffer.alloc(0);
    const container: FakeContainer = { id: newId(), name, config, status: 'created', exitCode: 0, log };
    this.containers.set(container.id, container);
    this.#tell(container, 'create');
    return { status: 201, body: { Id: container.id, Warnings: [] } };
  }

  #exec([id = '']: readonly string[]): FakeReply {
    const exec = this.execs.get(id);
    if (exec === undefined) return refusal(404, `No such exec instance: ${id}`);
    return ok({ ID: id, Running: exec.running, ExitCode: exec.exitCode });
  }

  #image(request: FakeRequest, url: URL, path: readonly string[]): FakeReply {
    const query = url.searchParams;
    if (path[0] === 'build') {
      this.images.add(query.get('t') ?? '');
      return lines({ stream: 'Step 1/1 : FROM scratch\n' }, { stream: 'Successfully built\n' });
    }
    if (path[0] === 'create') {
      const from = query.get('fromImage');
      const name = from === null ? query.get('repo') : `${from}:${query.get('tag')}`;
      this.images.add(name ?? '');
      return lines({ id: 'abc', status: 'Pulling fs layer' }, { status: 'Done' });
    }
    const name = path.slice(0, request.method === 'DELETE' ? undefined : -1).join('/');
    if (!this.images.has(name)) return refusal(404, `No such image: ${name}`);
    if (request.method === 'DELETE') {
      this.images.delete(name);
      return ok([{ Untagged: name }]);
    }
    return ok({ Id: 'sha256:1', RepoDigests: [], Config: { Labels: { a: 'b' }, User: 'node' } });
  }

  #tell(container: FakeContainer, action: string, attributes: Readonly<Record<string, string>> = {}): void {
    const now = Date.now();
    this.onEvent({
      Type: 'container',
      Action: action,
      Actor: { ID: container.id, Attributes: { name: container.name, ...attributes } },
      time: Math.floor(now / 1000),
      timeNano: now * 1e6,
    });
  }
}

function named(
  all: Map<string, unknown>,
  kind: string,
  { method, body }: FakeRequest,
  [name = '']: readonly string[],
): FakeReply {
  if (name === 'create') {
    const made = JSON.parse(body);
    if (kind === 'network' && all.has(made.Name)) return refusal(409, `network with name ${made.Name} already exists`);
    all.set(made.Name, made.Labels);
    return { status: 201, body: { Name: made.Name } };
  }
  if (!all.has(name)) return refusal(404, `No such ${kind}: ${name}`);
  if (method !== 'DELETE') return ok({ Name: name, Labels: all.get(name) });
  all.delete(name);
  return NO_CONTENT;
}

function inspection({ id, name, config, status, exitCode }: FakeContainer): unknown {
  return {
    Id: id,
    Name: `/${name}`,
    Image: 'sha256:1',
    Config: config,
    State: { Status: status, Running: status === 'running', ExitCode: exitCode },
  };
}

function summary({ id, name, config, status }: FakeContainer): unknown {
  return { Id: id, Names: [`/${name}`], Image: config.Image, Labels: config.Labels ?? {}, State: status };
}

function ok(body: unknown): FakeReply {
  return { status: 200, body };
}

export function refusal(status: number, message: string): FakeReply {
  return { status, body: { message } };
}

function lines(...items: readonly object[]): FakeReply {
  return { status: 200, raw: Buffer.from(items.map((item) => `${JSON.stringify(item)}\r\n`).join('')) };
}

function newId(): string {
  return randomBytes(32).toString('hex');
}
