import type { Socket } from 'node:net';
import { EngineProxy } from './engine-proxy.ts';

/** All that was said between a host and its engine: requests and answers whole, and apart from them what upgraded connections carried. */
export class Recording {
  readonly #spoken: Buffer[] = [];
  readonly #streamed: Buffer[] = [];

  /** URLs, headers and bodies, both ways. */
  get spoken(): string {
    return Buffer.concat(this.#spoken).toString('latin1');
  }

  /** What went through attached execs, both ways: the protocol of a relay. */
  get streamed(): string {
    return Buffer.concat(this.#streamed).toString('latin1');
  }

  watch(client: Socket, engine: Socket): void {
    let upgraded = false;
    const take = (bytes: Buffer): void => void (upgraded ? this.#streamed : this.#spoken).push(bytes);
    client.on('data', take);
    // The client waits for the answer before it says more.
    engine.once('data', (head: Buffer) => {
      upgraded = head.toString('latin1', 0, 12) === 'HTTP/1.1 101';
    });
    engine.on('data', take);
  }
}

/** The machine's engine behind a socket that writes everything down. */
export async function recordingProxy(): Promise<{ readonly proxy: EngineProxy; readonly recording: Recording }> {
  const recording = new Recording();
  return { proxy: await EngineProxy.start('unix', (client, engine) => recording.watch(client, engine)), recording };
}
