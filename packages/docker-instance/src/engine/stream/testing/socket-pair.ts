import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Two ends of one Unix socket: ours as an HTTP client has it, the engine's as an engine does. */
export class SocketPair implements AsyncDisposable {
  readonly ours: Socket;
  readonly engine: Socket;

  private constructor(ours: Socket, engine: Socket) {
    this.ours = ours;
    this.engine = engine;
  }

  static async open(): Promise<SocketPair> {
    const directory = await mkdtemp(join(tmpdir(), 'ccb-socket-'));
    const server = createServer({ allowHalfOpen: true });
    try {
      const path = join(directory, 'engine.sock');
      await new Promise<void>((resolve) => void server.listen(path, resolve));
      const accepted = new Promise<Socket>((resolve) => void server.once('connection', resolve));
      const ours = connect(path);
      return new SocketPair(ours, await accepted);
    } finally {
      server.close();
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** What the engine reads until the half close; its own end stays open. */
  async received(): Promise<string> {
    const chunks: Buffer[] = [];
    this.engine.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(this.engine, 'end');
    return Buffer.concat(chunks).toString();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ours.destroy();
    this.engine.destroy();
  }
}
