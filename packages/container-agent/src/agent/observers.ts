import { rmSync } from 'node:fs';
import { NamedPipeChannel } from '@ccb/named-pipe';
import type { AgentFrame, ControlFrame, HostFrame } from '../protocol/frames.ts';
import { parseHostFrame } from '../protocol/host-frame.ts';
import { HostSession, type SessionParts } from './host-session.ts';
import { Sender } from './sender.ts';

const MAX_OBSERVERS = 16;
/** ms for the one who asked to join to be there. */
const JOIN_MS = 5_000;

interface Observer {
  readonly sender: Sender;
  readonly channel: NamedPipeChannel<HostFrame, AgentFrame>;
  readonly since: number;
  session: HostSession | undefined;
}

/** Those who look on beside the holder, each over a FIFO pair that it made for itself. */
export class Observers {
  readonly #pipes: string;
  readonly #parts: SessionParts;
  readonly #silenceMs: number;
  /** By name; undefined while one is on its way in. */
  readonly #open = new Map<string, Observer | undefined>();
  readonly #closed = new AbortController();

  constructor(pipes: string, parts: SessionParts, silenceMs: number) {
    this.#pipes = pipes;
    this.#parts = parts;
    this.#silenceMs = silenceMs;
  }

  get size(): number {
    return this.#open.size;
  }

  async join(name: string): Promise<void> {
    const { log } = this.#parts;
    if (this.#open.has(name) || this.#closed.signal.aborted) return;
    if (this.#open.size >= MAX_OBSERVERS) await this.#endSilent();
    if (this.#open.size >= MAX_OBSERVERS) {
      log('warn', 'observer.refused', { name, limit: MAX_OBSERVERS });
      return;
    }
    this.#open.set(name, undefined);
    try {
      const channel = await NamedPipeChannel.connect<HostFrame, AgentFrame>(`${this.#pipes}.${name}`, {
        lock: false,
        timeoutMs: JOIN_MS,
        signal: this.#closed.signal,
        parse: parseHostFrame,
      });
      this.#serve(name, channel);
    } catch (error) {
      this.#open.delete(name);
      this.#unlink(name);
      log('warn', 'observer.unreachable', { name, reason: String(error) });
    }
  }

  /** The journal has grown. */
  publish(): void {
    for (const observer of this.#open.values()) observer?.sender.catchUp();
  }

  tell(frame: ControlFrame): void {
    for (const observer of this.#open.values()) observer?.session?.tell(frame);
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error('the agent ends'));
    await Promise.all([...this.#open.keys()].map((name) => this.#end(name)));
  }

  #serve(name: string, channel: NamedPipeChannel<HostFrame, AgentFrame>): void {
    const sender = new Sender(this.#parts.journal, this.#parts.log);
    const observer: Observer = { sender, channel, since: performance.now(), session: undefined };
    this.#open.set(name, observer);
    channel.on('down', () => void this.#end(name));
    channel.subscribe((frame) => {
      if (frame.type === 'hello') {
        observer.session?.end();
        observer.session = HostSession.open(frame, channel, observer.sender, this.#parts, true);
      } else observer.session?.receive(frame);
    });
    this.#parts.log('info', 'observer.up', { name });
    if (!channel.isUp) void this.#end(name);
  }

  /** One that is frozen must not keep a place for ever. */
  async #endSilent(): Promise<void> {
    for (const [name, observer] of this.#open) {
      if (observer === undefined) continue;
      const silence = observer.session?.silence ?? performance.now() - observer.since;
      if (silence >= this.#silenceMs) await this.#end(name);
    }
  }

  async #end(name: string): Promise<void> {
    const observer = this.#open.get(name);
    this.#open.delete(name);
    if (observer === undefined) return;
    observer.session?.end();
    await observer.channel.close({ timeoutMs: 100 });
    this.#unlink(name);
  }

  /** Its maker does that, unless it was killed; and where the pipes' directory is read-only here, whoever made that. */
  #unlink(name: string): void {
    for (const kind of ['in', 'out']) {
      try {
        rmSync(`${this.#pipes}.${name}.${kind}.fifo`, { force: true });
      } catch {
        return;
      }
    }
  }
}
