import type { Channel, PipeCallOptions } from '@ccb/named-pipe';
import type { AgentFrame, ControlFrame, HostFrame } from '../protocol/frames.ts';
import { HostSession, type SessionParts } from './host-session.ts';
import { Sender } from './sender.ts';

const MAX_OBSERVERS = 16;
/** ms for the one who asked to join to be there. */
const JOIN_MS = 5_000;

/** Somebody who wants to look on, by a way of its own. */
export interface Arrival {
  readonly name: string;
  /** A channel that is up. */
  connect(limits: PipeCallOptions): Promise<Channel<HostFrame, AgentFrame>>;
  /** It is not in, or not any more: removes what is left of its way. */
  left(): void;
}

interface Observer {
  readonly arrival: Arrival;
  readonly sender: Sender;
  readonly channel: Channel<HostFrame, AgentFrame>;
  readonly since: number;
  session: HostSession | undefined;
}

/** Those who look on beside the holder. */
export class Observers {
  readonly #parts: SessionParts;
  readonly #silenceMs: number;
  /** By name; undefined while one is on its way in. */
  readonly #open = new Map<string, Observer | undefined>();
  readonly #closed = new AbortController();

  constructor(parts: SessionParts, silenceMs: number) {
    this.#parts = parts;
    this.#silenceMs = silenceMs;
  }

  get size(): number {
    return this.#open.size;
  }

  async join(arrival: Arrival): Promise<void> {
    const { log } = this.#parts;
    const { name } = arrival;
    if (this.#open.has(name)) return;
    if (this.#open.size >= MAX_OBSERVERS) await this.#endSilent();
    if (this.#open.size >= MAX_OBSERVERS || this.#closed.signal.aborted) {
      log('warn', 'observer.refused', { name, limit: MAX_OBSERVERS });
      arrival.left();
      return;
    }
    this.#open.set(name, undefined);
    try {
      this.#serve(arrival, await arrival.connect({ timeoutMs: JOIN_MS, signal: this.#closed.signal }));
    } catch (error) {
      this.#open.delete(name);
      arrival.left();
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

  #serve(arrival: Arrival, channel: Channel<HostFrame, AgentFrame>): void {
    const { name } = arrival;
    const sender = new Sender(this.#parts.journal, this.#parts.log);
    const observer: Observer = { arrival, sender, channel, since: performance.now(), session: undefined };
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
    observer.arrival.left();
  }
}
