import type { Channel, NamedPipeError } from '@ccb/named-pipe';
import type { AgentFrame, ControlFrame, HostFrame, HostHello } from '../protocol/frames.ts';
import { HostSession, type SessionParts } from './host-session.ts';
import type { Sender } from './sender.ts';

/** Who may talk: one host at a time, whatever channel it comes by, until it is down or silent for too long. */
export class Hosts {
  readonly #parts: SessionParts;
  readonly #sender: Sender;
  readonly #silenceMs: number;
  #holder: { readonly session: HostSession; readonly channel: Channel<HostFrame, AgentFrame> } | undefined;

  constructor(parts: SessionParts, sender: Sender, silenceMs: number) {
    this.#parts = parts;
    this.#sender = sender;
    this.#silenceMs = silenceMs;
  }

  accept(channel: Channel<HostFrame, AgentFrame>): void {
    const { log } = this.#parts;
    channel.on('down', (reason) => {
      log('info', 'host.down', { reason });
      this.#release(channel);
    });
    channel.on('invalid', (error: NamedPipeError) => log('warn', 'frame.invalid', { reason: error.message }));
    channel.subscribe((frame) => {
      if (frame.type === 'hello') this.#greet(frame, channel);
      else if (this.#holder?.channel === channel) this.#holder.session.receive(frame);
      else log('warn', 'frame.before_hello', { type: frame.type });
    });
  }

  /** To the one who holds the agent now, if anybody does. */
  tell(frame: ControlFrame): void {
    this.#holder?.session.tell(frame);
  }

  /** Nobody is served any more. */
  end(): void {
    if (this.#holder !== undefined) this.#release(this.#holder.channel);
  }

  #greet(hello: HostHello, channel: Channel<HostFrame, AgentFrame>): void {
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
    }
    const session = HostSession.open(hello, channel, this.#sender, this.#parts, false);
    if (session === undefined) return;
    log('info', 'host.up', { host: hello.host });
    this.#holder = { session, channel };
  }

  #release(channel: Channel<HostFrame, AgentFrame>): void {
    if (this.#holder?.channel !== channel) return;
    this.#holder.session.end();
    this.#holder = undefined;
  }
}
