import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Container {
  readonly name: string;
  status: string;
}

/** The events of an engine, over HTTP on a Unix socket, with what goes wrong on demand. */
export class FakeEngine implements AsyncDisposable {
  /** Its clock is ahead of this machine's by so much, ms. */
  skewMs = 0;
  /** Connections stay open, and nothing is answered any more. */
  frozen = false;
  /** Runs between the answer to `/events` and the subscription. */
  beforeSubscribing: () => void = () => {};
  /** Runs after the state of a container was taken, before it is answered. */
  beforeInspected: () => Promise<void> | void = () => {};
  readonly containers: Map<string, Container> = new Map();
  /** The `since` of each stream. */
  readonly opened: (string | null)[] = [];
  readonly #directory: string;
  readonly #history: { readonly at: number; readonly line: string }[] = [];
  readonly #streams: Set<ServerResponse> = new Set();
  readonly #sockets: Set<Socket> = new Set();
  readonly #changes: Set<() => void> = new Set();
  #server: Server | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async start(): Promise<FakeEngine> {
    const engine = new FakeEngine(await mkdtemp(join(tmpdir(), 'ccb-engine-')));
    await engine.start();
    return engine;
  }

  get socketPath(): string {
    return join(this.#directory, 'engine.sock');
  }

  get streams(): number {
    return this.#streams.size;
  }

  async start(): Promise<void> {
    const server = createServer((asked, answer) => void this.#answer(asked, answer));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve) => void server.listen(this.socketPath, resolve));
  }

  /** As a daemon that is killed: all connections break, the socket refuses. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  }

  breakStreams(): void {
    for (const stream of this.#streams) stream.socket?.destroy();
  }

  /** Ends when the engine has that many streams. */
  async untilStreams(count: number): Promise<void> {
    while (this.#streams.size !== count) await new Promise<void>((resolve) => this.#changes.add(resolve));
  }

  /** An event happens, and everybody is told, unless the engine is down. */
  happen(id: string, action: string, attributes: Readonly<Record<string, string>> = {}): void {
    const at = Date.now() + this.skewMs;
    const name = this.containers.get(id)?.name ?? id;
    const event = {
      status: action,
      id,
      Type: 'container',
      Action: action,
      Actor: { ID: id, Attributes: { ...attributes, name } },
      time: Math.floor(at / 1000),
      timeNano: at * 1e6 + this.#history.length,
    };
    const line = `${JSON.stringify(event)}\n`;
    this.#history.push({ at, line });
    this.write(line);
  }

  write(bytes: string | Buffer): void {
    for (const stream of this.#streams) stream.write(bytes);
  }

  async #answer(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const url = new URL(asked.url ?? '/', 'http://engine');
    if (this.frozen) return;
    if (url.pathname === '/events') return this.#stream(url.searchParams.get('since'), answer);
    if (url.pathname === '/info') {
      return void answer.end(JSON.stringify({ SystemTime: new Date(Date.now() + this.skewMs).toISOString() }));
    }
    const id = /^\/containers\/(.*)\/json$/.exec(url.pathname)?.[1];
    if (id === undefined) return void answer.end('OK');
    const found = [...this.containers].find(([known, { name }]) => known.startsWith(id) || name === id);
    if (!found) return void answer.writeHead(404).end('{}');
    const [Id, { name, status }] = found;
    const said = { Id, Name: `/${name}`, State: { Status: status, Running: status === 'running' } };
    await this.beforeInspected();
    answer.end(JSON.stringify(said));
  }

  #stream(since: string | null, answer: ServerResponse): void {
    this.opened.push(since);
    answer.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
    this.beforeSubscribing();
    if (since !== null) {
      for (const { at, line } of this.#history) if (at >= Math.round(Number(since) * 1000)) answer.write(line);
    }
    this.#streams.add(answer);
    this.#changed();
    answer.once('close', () => {
      this.#streams.delete(answer);
      this.#changed();
    });
  }

  #changed(): void {
    for (const tell of this.#changes) tell();
    this.#changes.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
