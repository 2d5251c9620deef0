import { randomUUID } from 'node:crypto';
import { type CallOptions, InstanceError, type Log } from '@ccb/instance-interface';
import type { Answer } from '@ccb/instance-interface/abstract';
import type { Channel } from '@ccb/named-pipe';
import { parseAgentFrame } from '../protocol/agent-frame.ts';
import type { AgentFrame, AgentHello, CancelReason, ControlFrame, HostFrame } from '../protocol/frames.ts';
import { oldestProtocol, protocolVersion } from '../protocol/version.ts';
import { ClientListeners } from './client-listeners.ts';
import { busyElsewhere, closedError, mismatch, unreachable } from './connection-errors.ts';
import { Heartbeat } from './heartbeat.ts';
import { JournalReading } from './journal-reading.ts';
import { NoteLimit } from './note-limit.ts';
import { Questions } from './questions.ts';
import { Requests } from './requests.ts';
import { visible } from './visible.ts';

const CONNECT_MS = 10_000;
const SILENCE_MS = 15_000;

export interface ConnectOptions extends CallOptions {
  readonly log?: Log | undefined;
  /** ms without any frame after which the agent counts as silent; it is pinged three times before. Default 15 000. */
  readonly silenceMs?: number | undefined;
  /** The channel leads to an agent that somebody else holds: nothing that is read is acknowledged. Default false. */
  readonly observe?: boolean | undefined;
}

/** One agent over one channel, across the agent's restarts: hellos, frames both ways, questions and their answers. */
export class Connection {
  readonly listeners: ClientListeners = new ClientListeners();
  readonly reading: JournalReading;
  readonly #channel: Channel<unknown, HostFrame>;
  readonly #log: Log | undefined;
  readonly #host: string = randomUUID();
  readonly #requests = new Requests();
  readonly #questions: Questions;
  readonly #heartbeat: Heartbeat;
  readonly #limit = new NoteLimit();
  readonly #subscriptions: (() => void)[];
  #hello: AgentHello | undefined;
  /** A hello was sent and not answered yet. */
  #greeting = false;
  /** Cancels for an agent that is away. */
  readonly #owed = new Map<string, CancelReason>();
  #refused: InstanceError | undefined;
  #ref = 0;
  #closed = false;

  constructor(channel: Channel, options: ConnectOptions) {
    this.#channel = channel as Channel<unknown, HostFrame>;
    this.#log = options.log;
    const observes = options.observe ?? false;
    this.reading = this.#read(observes);
    this.#questions = new Questions({
      // Who only looks on decides nothing.
      following: (id) => (observes ? [] : this.reading.answersOf(id)),
      send: (frame) => this.send(frame),
      note: (level, event, fields) => this.#note(level, event, fields),
    });
    this.#heartbeat = new Heartbeat(options.silenceMs ?? SILENCE_MS, {
      beat: () => this.send({ type: 'ping', n: this.nextRef(), ack: this.reading.takeAcknowledgement() }),
      silent: () => this.listeners.emit('silent'),
      heard: () => this.listeners.emit('heard'),
    });
    this.#subscriptions = [
      channel.on('up', () => this.#greet()),
      channel.on('down', (reason) => this.#down(reason)),
      channel.on('drain', () => this.#questions.drained()),
      channel.on('invalid', (error) => this.#unreadable(error.message)),
      channel.subscribe((value) => this.#receive(value)),
    ];
    if (channel.isUp) this.#greet();
  }

  /** The last hello. @throws {InstanceError} CCB_AGENT_UNREACHABLE while the agent is away */
  get hello(): AgentHello {
    if (this.#hello !== undefined) return this.#hello;
    throw unreachable('it has not said hello. whenUp() waits for it');
  }

  get isUp(): boolean {
    return this.#hello !== undefined && this.#channel.isUp;
  }

  /** Resolves when the agent has said hello. @throws {InstanceError} as `connect`, CCB_CLOSED */
  async whenUp(options: CallOptions = {}): Promise<AgentHello> {
    if (this.#closed) throw closedError();
    if (this.isUp) return this.hello;
    if (this.#refused !== undefined) throw this.#refused;
    const timeoutMs = options.timeoutMs ?? CONNECT_MS;
    const over = new AbortController();
    const hello = this.#requests.ask<AgentHello>('hello', 'hello', { signal: options.signal, timeoutMs });
    // A stream that has ended will never bring one.
    this.#channel.whenUp({ signal: over.signal }).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (!over.signal.aborted && !this.#closed) this.#requests.fail('hello', unreachable(reason, cause));
    });
    try {
      return await hello;
    } catch (error) {
      if (!InstanceError.is(error, 'CCB_TIMEOUT')) throw error;
      throw unreachable(`it did not say hello within ${timeoutMs} ms; is it running? Its log says more`, error);
    } finally {
      over.abort();
    }
  }

  /** Runs the answer's command, or goes on with it; what its program asks is put to the answer. */
  feed(answer: Answer): void {
    this.reading.feed(answer);
    this.#questions.followed(answer.id);
  }

  /** Ends a command, in the program too; an agent that is away is told when it is back. */
  cancel(id: string, reason: CancelReason): void {
    if (this.isUp) this.send({ type: 'cancel', id, reason });
    else this.#owed.set(id, reason);
  }

  /** Sends a question and waits for what answers `key`. @throws {InstanceError} CCB_TIMEOUT, CCB_BACKEND_UNREACHABLE, CCB_CLOSED */
  async ask<T>(
    key: string,
    what: string,
    frame: HostFrame,
    defaultMs: number,
    { signal, timeoutMs }: CallOptions,
  ): Promise<T> {
    if (this.#closed) throw closedError();
    // Nothing is kept for an agent that is away: the answer would never come.
    if (!this.isUp)
      throw new InstanceError('CCB_BACKEND_UNREACHABLE', `${what}: the agent is away`, { retryable: true });
    const answer = this.#requests.ask<T>(key, what, { signal, timeoutMs: timeoutMs ?? defaultMs });
    this.send(frame);
    return await answer;
  }

  /** A number that no other question has. */
  nextRef(): number {
    this.#ref += 1;
    return this.#ref;
  }

  /** To nobody while the channel is down. */
  send(frame: HostFrame): 'sent' | 'queued' | 'down' {
    return this.#channel.isUp ? this.#channel.write(Buffer.from(`${JSON.stringify(frame)}\n`)) : 'down';
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const ack = this.#hello === undefined ? undefined : this.reading.takeAcknowledgement();
    if (ack !== undefined) this.send({ type: 'ack', seq: ack });
    this.#heartbeat.stop();
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    const closed = closedError();
    this.reading.close(closed);
    this.#requests.failAll(closed);
    await this.#channel.close();
  }

  #read(observes: boolean): JournalReading {
    const connection = this;
    return new JournalReading({
      get isUp(): boolean {
        return connection.isUp;
      },
      requests: this.#requests,
      observes,
      send: (frame) => this.send(frame),
      hold: (held) => (held ? this.#channel.pause() : this.#channel.resume()),
      note: (level, event, fields) => this.#note(level, event, fields),
      nextRef: () => this.nextRef(),
    });
  }

  #greet(): void {
    this.#greeting = true;
    this.#refused = undefined;
    this.#heartbeat.start();
    this.send({ type: 'hello', protocol: [oldestProtocol, protocolVersion], host: this.#host });
  }

  #down(reason: string): void {
    const wasUp = this.#hello !== undefined;
    this.#hello = undefined;
    this.#greeting = false;
    this.#heartbeat.stop();
    this.#questions.disconnected();
    this.#requests.answer('down', undefined);
    const gone = new InstanceError('CCB_BACKEND_UNREACHABLE', `the agent is gone (${reason})`, { retryable: true });
    // Whoever waits for a hello goes on waiting: that is what reconnecting means.
    this.#requests.failAllBut('hello', gone);
    if (wasUp) this.listeners.emit('down', reason);
  }

  #receive(value: unknown): void {
    this.#heartbeat.heard();
    let frame: AgentFrame;
    try {
      frame = parseAgentFrame(value);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (this.#greeting && isHello(value))
        this.#refuse(mismatch(`the agent's hello cannot be read (${reason})`, error));
      else this.#unreadable(reason);
      return;
    }
    if (frame.type === 'event' || frame.type === 'begin' || frame.type === 'end') {
      this.reading.line(frame);
      this.#questions.line(frame);
    } else this.#control(frame);
  }

  #unreadable(reason: string): void {
    this.#note('warn', 'agent.invalid_line', { reason });
    this.reading.missing();
  }

  #control(frame: ControlFrame | AgentHello): void {
    switch (frame.type) {
      case 'hello':
        this.#greeted(frame);
        break;
      case 'pong':
        this.#requests.answer(`pong ${frame.n}`, frame);
        break;
      case 'configured':
        this.reading.configured();
        this.#requests.answer('configured', undefined);
        break;
      case 'interrupted':
        this.#requests.answer(`interrupt ${frame.ref}`, frame.id);
        break;
      case 'asking':
        if (this.isUp) this.#questions.asked(frame);
        break;
      case 'resumed':
        this.reading.resumed(frame);
        break;
      case 'refused':
        this.#refusal(frame);
        break;
      case 'log':
        this.#note(frame.level, `agent.${frame.event}`, frame.fields);
        break;
    }
  }

  #greeted(hello: AgentHello): void {
    if (!this.#greeting) return;
    this.#greeting = false;
    const { busy, protocol, agentVersion } = hello;
    if (protocol < oldestProtocol || protocol > protocolVersion) {
      const spoken = `the agent (${agentVersion}) speaks protocol ${protocol}, this host ${oldestProtocol} to ${protocolVersion}`;
      this.#refuse(mismatch(spoken));
    } else if (busy !== undefined) {
      this.#refuse(busyElsewhere(busy));
    } else {
      this.#hello = hello;
      this.reading.greeted(hello);
      for (const [id, reason] of this.#owed) this.send({ type: 'cancel', id, reason });
      this.#owed.clear();
      this.#requests.answer('hello', hello);
      this.listeners.emit('up', hello);
    }
  }

  #refuse(error: InstanceError): void {
    this.#refused = error;
    this.#requests.fail('hello', error);
  }

  #refusal(frame: Extract<ControlFrame, { type: 'refused' }>): void {
    const { ref, id, code, retryable } = frame;
    const message = visible(frame.message);
    const error = new InstanceError(code, message, { retryable });
    if (ref !== undefined) this.#requests.fail(`resume ${ref}`, error);
    else if (id !== undefined) this.reading.refused(id, { ...frame, message });
    else if (this.#requests.fail('configured', error)) return;
    else if (this.#hello === undefined) this.#refuse(error);
    else this.#note('warn', 'agent.refused', { code, reason: message });
  }

  #note(level: 'debug' | 'info' | 'warn' | 'error', event: string, fields?: Readonly<Record<string, unknown>>): void {
    if (this.#log === undefined) return;
    const dropped = this.#limit.take();
    if (dropped === undefined) return;
    try {
      this.#log({ ...fields, level, event, ...(dropped > 0 && { dropped }) });
    } catch {
      // A log hook must not break what it watches.
    }
  }
}

function isHello(value: unknown): boolean {
  return (value as { readonly type?: unknown } | null)?.type === 'hello';
}
