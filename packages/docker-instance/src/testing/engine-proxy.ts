import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import type { DockerClient } from '../engine/docker-client.ts';

const ENGINE = '/var/run/docker.sock';

/** The machine's engine behind a socket of the test's own, which says what was asked of it, and can be lost. */
export class EngineProxy implements AsyncDisposable {
  /** `METHOD /path?query` of each request, oldest first. */
  readonly requests: string[] = [];
  readonly #directory: string;
  readonly #kind: 'unix' | 'tcp';
  readonly #watch: ((client: Socket, engine: Socket) => void) | undefined;
  readonly #sockets: Set<Socket> = new Set();
  #server: Server | undefined;
  #port = 0;

  private constructor(kind: 'unix' | 'tcp', watch?: (client: Socket, engine: Socket) => void) {
    this.#kind = kind;
    this.#watch = watch;
    this.#directory = mkdtempSync(join(tmpdir(), 'ccb-proxy-'));
  }

  /**
   * `tcp`: as another machine's engine is reached.
   * @param watch sees the two ends of each connection before anything is said
   */
  static async start(
    kind: 'unix' | 'tcp' = 'unix',
    watch?: (client: Socket, engine: Socket) => void,
  ): Promise<EngineProxy> {
    const proxy = new EngineProxy(kind, watch);
    await proxy.back();
    return proxy;
  }

  /** For instances: they borrow it. */
  client(): DockerClient {
    // What is not named here would come from DOCKER_HOST.
    const place =
      this.#kind === 'unix'
        ? { socketPath: this.#path, host: undefined, port: undefined }
        : { host: '127.0.0.1', port: this.#port };
    return new Docker({ ...place, protocol: 'http' } as object);
  }

  /** As DOCKER_HOST says it. */
  get address(): string {
    return this.#kind === 'unix' ? `unix://${this.#path}` : `tcp://127.0.0.1:${this.#port}`;
  }

  /** Requests since the last call. */
  taken(): readonly string[] {
    return this.requests.splice(0);
  }

  /** As an engine that is killed: every connection breaks, and nobody listens. */
  async lose(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** It listens again, at the same address. */
  async back(): Promise<void> {
    // A client that has said all still wants to hear the answer.
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#forward(socket));
    await once(this.#kind === 'unix' ? server.listen(this.#path) : server.listen(this.#port, '127.0.0.1'), 'listening');
    if (this.#kind === 'tcp') this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lose();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #path(): string {
    return join(this.#directory, 'engine.sock');
  }

  #forward(client: Socket): void {
    const engine = connect({ path: ENGINE, allowHalfOpen: true });
    this.#watch?.(client, engine);
    // Each request has a connection of its own, and its first line comes in one piece.
    client.once('data', (head: Buffer) => {
      const [method, url] = head.toString('latin1').split(' ', 2);
      this.requests.push(`${method} ${url}`);
    });
    for (const [one, other] of [
      [client, engine],
      [engine, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => {});
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    client.pipe(engine).pipe(client);
  }
}
