import { PassThrough } from 'node:stream';
import { type Channel, StreamChannel } from '@ccb/named-pipe';
import type { HostFrame } from '../../protocol/frames.ts';
import { parseHostFrame } from '../../protocol/host-frame.ts';
import { ScriptedAgent } from './scripted-agent.ts';

/** Two streams that die for good, as a relay's do, and whoever is at their far end. */
export class Carrier {
  readonly #there = new PassThrough();
  readonly #back = new PassThrough();
  readonly near: StreamChannel;

  constructor() {
    this.near = new StreamChannel({ readable: this.#back, writable: this.#there });
  }

  /** Somebody comes who says what the test sends. */
  answer(): StreamChannel<HostFrame> {
    return new StreamChannel<HostFrame>({ readable: this.#there, writable: this.#back });
  }

  /** An agent comes. */
  agent(): ScriptedAgent {
    const streams = { readable: this.#there, writable: this.#back };
    return new ScriptedAgent(new StreamChannel<HostFrame>(streams, { parse: parseHostFrame }));
  }

  /** Resolves when the near end has noticed. */
  async cut(): Promise<void> {
    const noticed = this.near.isUp ? next(this.near, 'down') : undefined;
    this.#back.destroy();
    this.#there.destroy();
    await noticed;
  }
}

export function next(channel: Channel, event: 'up' | 'down'): Promise<unknown> {
  return new Promise((resolve) => {
    const off = channel.on(event as 'down', (value) => {
      off();
      resolve(value);
    });
  });
}
