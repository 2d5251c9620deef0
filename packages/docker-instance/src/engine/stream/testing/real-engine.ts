import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';

const SOCKET = '/var/run/docker.sock';
const PROGRAMS = ['/bin/sh', '/bin/cat', '/bin/sleep', '/usr/bin/head', '/usr/bin/seq', '/usr/bin/yes'];

/** Why there is no engine to test with; undefined: there is one. Under CI there has to be. */
export function whyNoEngine(): string | undefined {
  if (process.env.CI === 'true' || existsSync(SOCKET)) return undefined;
  return `no Docker engine at ${SOCKET}`;
}

/** The least that speaks to a real engine, without any client library. */
export class RealEngine {
  readonly #containers: string[] = [];
  readonly #prefix: string;
  #image: string | undefined;

  /** Of all names that it makes. */
  constructor(prefix: string) {
    this.#prefix = `${prefix}-${process.pid}`;
  }

  ask(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
      const options = { socketPath: SOCKET, method, path, headers, agent: false, signal };
      const asking = httpRequest(options, resolve).once('error', reject);
      asking.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async json(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Record<string, unknown>> {
    const answer = await this.ask(method, path, body, signal);
    const said = await text(answer);
    if ((answer.statusCode ?? 500) >= 400) throw new Error(`${method} ${path}: ${answer.statusCode} ${said}`);
    return said === '' ? {} : (JSON.parse(said) as Record<string, unknown>);
  }

  /** A shell and a few programs of this machine, with their libraries. */
  async importImage(): Promise<void> {
    const libraries = PROGRAMS.flatMap((program) =>
      [...execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/\/\S+\.so\S*/g)].map(([file]) => file),
    );
    const files = [...new Set([...PROGRAMS, ...libraries])].map((file) => file.slice(1));
    const image = `${this.#prefix}:latest`;
    const tar = spawn('tar', ['-chf', '-', '-C', '/', ...files], { stdio: ['ignore', 'pipe', 'inherit'] });
    const said = await new Promise<IncomingMessage>((resolve, reject) => {
      const path = `/images/create?fromSrc=-&repo=${this.#prefix}&tag=latest`;
      tar.stdout.pipe(
        httpRequest({ socketPath: SOCKET, method: 'POST', path, agent: false }, resolve).once('error', reject),
      );
    });
    if (/error/i.test(await text(said))) throw new Error(`${image} was not imported.`);
    this.#image = image;
  }

  /** Its id and its name. It does not run yet. */
  async createContainer(config: Record<string, unknown> = {}): Promise<{ id: string; name: string }> {
    const name = `${this.#prefix}-${this.#containers.length}`;
    const made = await this.json('POST', `/containers/create?name=${name}`, {
      Image: this.#image,
      Cmd: ['/bin/sleep', '600'],
      HostConfig: { NetworkMode: 'none', Init: true },
      ...config,
    });
    this.#containers.push(name);
    return { id: String(made.Id), name };
  }

  async startContainer(): Promise<{ id: string; name: string }> {
    const made = await this.createContainer();
    await this.json('POST', `/containers/${made.id}/start`);
    return made;
  }

  /** A program and its raw connection. */
  async exec(container: string, argv: readonly string[], tty = false): Promise<{ exec: string; duplex: Duplex }> {
    const config = { AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: tty, Cmd: argv };
    const exec = String((await this.json('POST', `/containers/${container}/exec`, config)).Id);
    const duplex = await new Promise<Duplex>((resolve, reject) => {
      const headers = { 'Content-Type': 'application/json', Connection: 'Upgrade', Upgrade: 'tcp' };
      const path = `/exec/${exec}/start`;
      httpRequest({ socketPath: SOCKET, method: 'POST', path, headers, agent: false })
        .once('error', reject)
        .once('response', (answer) => reject(new Error(`no upgrade: ${answer.statusCode}`)))
        .once('upgrade', (_answer, socket, head) => {
          if (head.length > 0) socket.unshift(head);
          resolve(socket);
        })
        .end(JSON.stringify({ Detach: false, Tty: tty }));
    });
    return { exec, duplex };
  }

  async inspectExit(exec: string, signal: AbortSignal): Promise<number | undefined | 'running'> {
    const said = await this.json('GET', `/exec/${exec}/json`, undefined, signal);
    if (said.Running === true) return 'running';
    return typeof said.ExitCode === 'number' ? said.ExitCode : undefined;
  }

  async remove(): Promise<void> {
    for (const name of this.#containers) await this.#delete(`/containers/${name}?force=true&v=true`);
    if (this.#image) await this.#delete(`/images/${this.#image}?force=true`);
  }

  async #delete(path: string): Promise<void> {
    await text(await this.ask('DELETE', path));
  }
}
