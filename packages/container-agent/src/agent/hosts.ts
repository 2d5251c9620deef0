import type { Channel, NamedPipeError } from '@ccb/named-pipe';
import type { AgentFrame, ControlFrame, HostFrame, HostHello } from '../protocol/frames.ts';
import { HostSession, type SessionParts } from './host-session.ts';
import type { Sender } from './sender.ts';

interface Holder {
  readonly session: HostSession;
  readonly channel: Channel<HostFrame, AgentFrame>;
  /** Ends the way by which it came, where that is its own. */
  readonly leave: (() => void) | undefined;
}

/** Who may talk: one host at a time, whatever channel it comes by, until it is down or silent for too long. */
export class Hosts {
  readonly #parts: SessionParts;
  readonly #sender: Sender;
  readonly #silenceMs: number;
  readonly #changed: (held: boolean) => void;
  #holder: Holder | undefined;

  /** @param changed a host holds the agent from now on, or none does */
  constructor(
    parts: SessionParts,
    sender: Sender,
    silenceMs: number,
    changed: (held: boolean) => void = () => undefined,
  ) {
    this.#parts = parts;
    this.#sender = sender;
    this.#silenceMs = silenceMs;
    this.#changed = changed;
  }

  /** @param leave ends a channel that serves one host only, once that host was replaced */
  accept(channel: Channel<HostFrame, AgentFrame>, leave?: () => void): void {
    const { log } = this.#parts;
    channel.on('down', (reason) => {
      log('info', 'host.down', { reason });
      this.#release(channel);
    });
    channel.on('invalid', (error: NamedPipeError) => log('warn', 'frame.invalid', { reason: error.message }));
    channel.subscribe((frame) => {
      if (frame.type === 'hello') this.#greet(frame, channel, leave);
      else if (this.#holder?.channel === channel) this.#holder.session.receive(frame);
      else log('warn', 'frame.before_hello', { type: frame.type });
    });
  }

  /** To the one who holds the agent now, if anybody does. */
  tell(frame: ControlFrame): void {
    this.#holder?.session.tell(frame);
  }

  isHolder(channel: Channel<HostFrame, AgentFrame>): boolean {
    return this.#holder?.channel === channel;
  }

  /** Resolves when the holder's channel has taken all that is journaled, when it is down, and after `timeoutMs` at the latest. */
  async drained(timeoutMs: number): Promise<void> {
    const channel = this.#holder?.channel;
    if (channel === undefined || !channel.isUp || this.#sender.level) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(finish, timeoutMs);
      const undrained = channel.on('drain', () => {
        if (this.#sender.level) finish();
      });
      const undone = channel.on('down', finish);
      function finish(): void {
        clearTimeout(timer);
        undrained();
        undone();
        resolve();
      }
    });
  }

  /** Nobody is served any more. */
  end(): void {
    if (this.#holder !== undefined) this.#release(this.#holder.channel);
  }

  #greet(hello: HostHello, channel: Channel<HostFrame, AgentFrame>, leave: (() => void) | undefined): void {
    const { log } = this.#parts;
    const holder = this.#holder;
    if (holder !== undefined && holder.session.host !== hello.host && holder.session.silence < this.#silenceMs) {
      log('warn', 'host.refused', { host: hello.host, holder: holder.session.host });
      HostSession.busy(channel, this.#parts, holder.session);
      return;
    }
    if (holder !== undefined) {
      if (holder.session.host !== hello.host) {
        log('warn', 'host.replaced', { host: hello.host, holder: holder.session.host });
      }
      this.#release(holder.channel);
      if (holder.channel !== channel) holder.leave?.();
    }
    const session = HostSession.open(hello, channel, this.#sender, this.#parts, false);
    if (session === undefined) return;
    log('info', 'host.up', { host: hello.host });
    this.#holder = { session, channel, leave };
    this.#changed(true);
  }

  #release(channel: Channel<HostFrame, AgentFrame>): void {
    if (this.#holder?.channel !== channel) return;
    this.#holder.session.end();
    this.#holder = undefined;
    this.#changed(false);
  }
}
