import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FakeEngineState, type FakeEvent, type FakeReply, type FakeRequest, refusal } from './fake-engine-state.ts';
import { type FakeProgram, runFakeExec } from './fake-exec.ts';

/**
 * What goes wrong with an answer. `hang`: nothing comes. `stall`: half of it comes. `reset`: the connection breaks instead.
 * `truncated`: half of it, then the end. `malformed`: another text. `drip`: all of it, byte by byte. `plain`: an upgrade is
 * answered without one. A number: that status.
 */
export type FakeFault = number | 'hang' | 'stall' | 'reset' | 'truncated' | 'malformed' | 'drip' | 'plain';

interface Scripted {
  readonly path: RegExp;
  readonly fault: FakeFault;
  readonly message: string;
}

const DRIP_MS = 30;

/** An engine's HTTP API on a Unix socket of its own: what is called of it, kept in memory, with faults where they are wanted. */
export class FakeEngine implements AsyncDisposable {
  readonly state: FakeEngineState = new FakeEngineState();
  readonly requests: FakeRequest[] = [];
  readonly socketPath: string;
  /** What an exec does. Default: `cat` gives its input back, everything else says its arguments. */
  program: FakeProgram = sayArguments;
  readonly #directory: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();
  readonly #faults: Scripted[] = [];
  readonly #watchers: Set<ServerResponse> = new Set();
  #idle: () => void = () => {};

  static async start(): Promise<FakeEngine> {
    const engine = new FakeEngine();
    await once(engine.#server.listen(engine.socketPath), 'listening');
    return engine;
  }

  constructor() {
    this.#directory = mkdtempSync(join(tmpdir(), 'fake-engine-'));
    this.socketPath = join(this.#directory, 'engine.sock');
    this.#server = createServer(
      { keepAliveTimeout: 60_000 },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      void this.#upgrade(request, socket, head);
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      // A client that was refused or gave up breaks the connection: no concern of an engine.
      socket.on('error', () => {});
      socket.once('close', () => {
        this.#sockets.delete(socket);
        if (this.#sockets.size === 0) this.#idle();
      });
    });
    this.state.onEvent = (event) => this.tell(event);
  }

  /** From now on, for every request whose `METHOD /path?query` matches. Returns the end of it. */
  fails(path: RegExp, fault: FakeFault, message = 'scripted'): () => void {
    const scripted = { path, fault, message };
    this.#faults.unshift(scripted);
    return () => void this.#faults.splice(this.#faults.indexOf(scripted), 1);
  }

  /** All who read `/events` get it. */
  tell(event: FakeEvent): void {
    for (const watcher of this.#watchers) watcher.write(`${JSON.stringify(event)}\n`);
  }

  /** Resolves when no client has a connection. */
  whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle = resolve;
      if (this.#sockets.size === 0) resolve();
    });
  }

  /** As a killed engine: every connection breaks. */
  breakConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.breakConnections();
    await closed;
    rmSync(this.#directory, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #faultOf({ method, url }: FakeRequest): Scripted | undefined {
    return this.#faults.find(({ path }) => path.test(`${method} ${url}`));
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming).catch(() => undefined);
    if (body === undefined) return;
    const request = this.#record(incoming, body);
    const scripted = this.#faultOf(request);
    if (request.url.startsWith('/events') && scripted === undefined) return this.#watch(response);
    const reply =
      typeof scripted?.fault === 'number' ? refusal(scripted.fault, scripted.message) : this.state.answer(request);
    await deliver(reply, scripted?.fault, response);
  }

  #watch(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
    this.#watchers.add(response);
    response.once('close', () => this.#watchers.delete(response));
  }

  async #upgrade(incoming: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const length = Number(incoming.headers['content-length'] ?? 0);
    const body = await firstBytes(socket, head, length);
    const request = this.#record(incoming, body.toString());
    const scripted = this.#faultOf(request);
    const fault = scripted?.fault;
    const exec = this.state.execs.get(request.url.split('/')[2] ?? '');
    if (typeof fault === 'number' || exec === undefined) {
      const { status, body: said } = refusal(
        typeof fault === 'number' ? fault : 404,
        scripted?.message ?? 'No such exec',
      );
      socket.end(plain(status, JSON.stringify(said)));
    } else if (fault === 'plain') {
      socket.end(plain(200, 'no upgrade'));
    } else if (fault === 'reset') {
      socket.destroy();
    } else if (fault === 'hang') {
      seeGone(socket);
    } else {
      runFakeExec(socket, exec, this.program, fault);
    }
  }

  #record({ method = '', url = '' }: IncomingMessage, body: string): FakeRequest {
    const request = { method, url, body };
    this.requests.push(request);
    return request;
  }
}

const sayArguments: FakeProgram = ({ argv, stdin, say, exit }) => {
  if (argv[0] !== 'cat') {
    say('stdout', argv.join(' '));
    return exit(0);
  }
  stdin.on('data', (chunk: Buffer) => say('stdout', chunk));
  stdin.once('end', () => exit(0));
};

async function deliver(reply: FakeReply, fault: FakeFault | undefined, response: ServerResponse): Promise<void> {
  const whole = reply.raw ?? Buffer.from(reply.body === undefined ? '' : JSON.stringify(reply.body));
  // An answer without a body has no half: it breaks off before its headers are whole.
  const half = whole.subarray(0, whole.length / 2);
  const socket = response.socket;
  if (fault === 'reset') return void socket?.destroy();
  if (fault === 'hang') return;
  if (fault === 'malformed') return void response.writeHead(200).end('{"Id": tru');
  if (fault === 'truncated' || fault === 'stall') {
    const head =
      whole.length === 0
        ? `HTTP/1.1 ${reply.status} `
        : `HTTP/1.1 ${reply.status} OK\r\nContent-Length: ${whole.length}\r\n\r\n`;
    socket?.write(Buffer.concat([Buffer.from(head), half]));
    if (fault === 'truncated') socket?.end();
    return;
  }
  response.writeHead(reply.status);
  if (fault === 'drip') {
    for (const byte of whole) {
      if (response.destroyed) return;
      response.write(Buffer.of(byte));
      await pause(DRIP_MS);
    }
  } else {
    response.write(whole);
  }
  if (reply.open !== true) response.end();
}

/** Who does not read does not see that the client has gone. */
export function seeGone(socket: Socket): void {
  socket.once('end', () => socket.destroy()).resume();
}

function plain(status: number, text: string): string {
  return `HTTP/1.1 ${status} Said\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

/** The body of an upgrade's request is not parsed: it stands in front of what the upgraded connection brings. */
async function firstBytes(socket: Socket, head: Buffer, length: number): Promise<Buffer> {
  let bytes = head;
  while (bytes.length < length) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
  }
  socket.pause();
  if (bytes.length > length) socket.unshift(bytes.subarray(length));
  return bytes.subarray(0, length);
}
