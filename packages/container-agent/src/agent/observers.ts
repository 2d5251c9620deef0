import { rmSync } from 'node:fs';
import { NamedPipeChannel } from '@ccb/named-pipe';
import type { Journal } from '../journal/journal.ts';
import type { AgentFrame, HostFrame } from '../protocol/frames.ts';
import { parseHostFrame } from '../protocol/host-frame.ts';
import { HostSession, type SessionParts } from './host-session.ts';
import { Sender } from './sender.ts';

const MAX_OBSERVERS = 16;

/** Those who look on beside the holder, each over a FIFO pair that it made for itself. */
export class Observers {
  readonly #pipes: string;
  readonly #journal: Journal;
  readonly #parts: SessionParts;
  readonly #open = new Map<string, { readonly sender: Sender; close(): Promise<void> }>();

  constructor(pipes: string, parts: SessionParts) {
    this.#pipes = pipes;
    this.#journal = parts.journal;
    this.#parts = parts;
  }

  async join(name: string): Promise<void> {
    const { log } = this.#parts;
    if (this.#open.has(name)) return;
    if (this.#open.size >= MAX_OBSERVERS) {
      log('warn', 'observer.refused', { name, limit: MAX_OBSERVERS });
      return;
    }
    const path = `${this.#pipes}.${name}`;
    try {
      const channel = await NamedPipeChannel.connect<HostFrame, AgentFrame>(path, {
        lock: false,
        lazy: true,
        parse: parseHostFrame,
      });
      this.#serve(name, path, channel);
    } catch (error) {
      log('warn', 'observer.unreachable', { name, reason: String(error) });
    }
  }

  /** The journal has grown. */
  publish(): void {
    for (const { sender } of this.#open.values()) sender.catchUp();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((observer) => observer.close()));
  }

  #serve(name: string, path: string, channel: NamedPipeChannel<HostFrame, AgentFrame>): void {
    const sender = new Sender(this.#journal);
    let session: HostSession | undefined;
    const close = async (): Promise<void> => {
      this.#open.delete(name);
      session?.end();
      await channel.close();
      // Its maker does that, unless it was killed.
      for (const kind of ['in', 'out']) rmSync(`${path}.${kind}.fifo`, { force: true });
    };
    this.#open.set(name, { sender, close });
    channel.on('down', () => void close());
    channel.subscribe((frame) => {
      if (session !== undefined) session.receive(frame);
      else if (frame.type === 'hello') session = new HostSession(frame, channel, sender, this.#parts, true);
    });
    this.#parts.log('info', 'observer.up', { name });
  }
}
