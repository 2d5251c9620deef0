import { lstatSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { type Channel, StreamChannel } from '@ccb/named-pipe';
import type { AgentFrame, HostFrame } from '../protocol/frames.ts';
import { parseHostFrame } from '../protocol/host-frame.ts';
import { errorCode } from './error-code.ts';
import type { Listener, Reception } from './listener.ts';
import { readPurpose } from './purpose.ts';
import { isAbstract, socketAddress } from './socket-address.ts';

/** Connections that wait to be the holder, or have not said what they want; the holder's own included. Enough for all who come at once. */
const MAX_CANDIDATES = 32;
/** ms that the one at the other end has at the end, to read what lies in the socket. */
const LAST_WORDS_MS = 1_000;

/** A Unix socket for relays: each connection says on its first line what it wants, and is a channel from there on. */
export class SocketListener implements Listener {
  readonly #server: Server;
  readonly #reception: Reception;
  /** In the order of their coming; without a channel while they have said nothing. */
  readonly #candidates = new Map<Socket, Channel<HostFrame, AgentFrame> | undefined>();
  #observers = 0;

  private constructor(server: Server, reception: Reception) {
    this.#server = server;
    this.#reception = reception;
    server.on('connection', (socket) => this.#come(socket));
    server.on('error', (error) => reception.log('error', 'socket.failed', { reason: String(error) }));
  }

  /** Takes over the socket of an agent that is gone: only who holds the agent's lock may call this. @throws {Error} saying what to do */
  static async open(socket: string, reception: Reception): Promise<SocketListener> {
    if (!isAbstract(socket)) removeStale(socket);
    const server = createServer();
    try {
      await listening(server, socket);
      if (isAbstract(socket)) checkAbstract(socket);
      return new SocketListener(server, reception);
    } catch (error) {
      server.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#server.close();
    await Promise.all([...this.#candidates.keys()].map((socket) => farewell(socket)));
  }

  #come(socket: Socket): void {
    // What breaks a connection is told by its end.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#candidates.delete(socket));
    if (this.#candidates.size >= MAX_CANDIDATES) this.#makeRoom();
    this.#candidates.set(socket, undefined);
    readPurpose(socket, (purpose) => {
      if (purpose === 'hold') this.#hold(socket);
      else if (purpose === 'observe') this.#observe(socket);
      else {
        this.#reception.log('warn', 'socket.refused', { reason: 'it did not say what it wants' });
        socket.destroy();
      }
    });
  }

  #hold(socket: Socket): void {
    const channel = this.#channel(socket);
    this.#candidates.set(socket, channel);
    this.#reception.hosts.accept(channel, () => socket.destroy());
  }

  #observe(socket: Socket): void {
    this.#candidates.delete(socket);
    this.#observers += 1;
    void this.#reception.observers.join({
      name: `socket-${this.#observers}`,
      connect: async (limits) => {
        const channel = this.#channel(socket);
        await channel.whenUp(limits);
        return channel;
      },
      left: () => socket.destroy(),
    });
  }

  #channel(socket: Socket): Channel<HostFrame, AgentFrame> {
    const { log } = this.#reception;
    return new StreamChannel<HostFrame, AgentFrame>(
      { readable: socket, writable: socket },
      { parse: parseHostFrame, log: ({ level, event, ...fields }) => log(level, event, fields) },
    );
  }

  /** The one who waits longest has had its answer. */
  #makeRoom(): void {
    for (const [socket, channel] of this.#candidates) {
      if (channel !== undefined && this.#reception.hosts.isHolder(channel)) continue;
      this.#reception.log('warn', 'socket.refused', { reason: `more than ${MAX_CANDIDATES} candidates` });
      this.#candidates.delete(socket);
      socket.destroy();
      return;
    }
  }
}

/**
 * Ends our side only and reads on: if the relay wrote to a socket that is closed, it would lose what it has not read.
 * Bounded for a relay that is frozen.
 */
async function farewell(socket: Socket): Promise<void> {
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const timer = setTimeout(() => socket.destroy(), LAST_WORDS_MS);
  socket.end();
  socket.resume();
  await closed;
  clearTimeout(timer);
}

function removeStale(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) {
    throw new Error(`${path} is there and is no socket. Move it away, or name another path for the agent's socket.`);
  }
  rmSync(path, { force: true });
}

function listening(server: Server, socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const what = errorCode(cause) === 'EADDRINUSE' ? 'somebody else listens there' : cause.message;
      reject(new Error(`The agent cannot listen at ${socket}: ${what}. Name another socket.`, { cause }));
    });
    // The socket is made within listen(), so nobody else can connect to it at any moment.
    const mask = process.umask(0o177);
    try {
      server.listen(socketAddress(socket), () => {
        server.removeAllListeners('error');
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
}

/** Node before 20.8 knows no names with a NUL: all of them would be one socket. */
function checkAbstract(socket: string): void {
  const names = readFileSync('/proc/net/unix', 'latin1')
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf(' ') + 1).replace(/@+$/, ''));
  if (names.includes(Buffer.from(socket).toString('latin1'))) return;
  throw new Error(`Node ${process.version} cannot listen at ${socket}. Name a path, or use Node 20.8 or later.`);
}
