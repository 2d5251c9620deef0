import { randomUUID } from 'node:crypto';
import {
  type CallOptions,
  type CommandOptions,
  type CommandStream,
  type Cursor,
  type HistoryEntry,
  InstanceError,
  type Log,
  type ResumeOptions,
} from '@ccb/instance-interface';
import {
  type Answer,
  createAnswer,
  resumeAnswer,
  type StandaloneAnswer,
  type StandaloneEvents,
} from '@ccb/instance-interface/abstract';
import type { Channel } from '@ccb/named-pipe';
import { parseAgentFrame } from '../protocol/agent-frame.ts';
import type { AgentFrame, AgentHello, CancelReason, ControlFrame, HostFrame } from '../protocol/frames.ts';
import { parseHostFrame } from '../protocol/host-frame.ts';
import { oldestProtocol, protocolVersion } from '../protocol/version.ts';
import { type ClientEvents, ClientListeners } from './client-listeners.ts';
import { busyElsewhere, closedError, mismatch, unreachable } from './connection-errors.ts';
import { Heartbeat } from './heartbeat.ts';
import { JournalReading } from './journal-reading.ts';
import { Requests } from './requests.ts';

const CONNECT_MS = 10_000;
const CALL_MS = 5_000;
const CONFIGURE_MS = 60_000;
const INTERRUPT_MS = 15_000;
const SILENCE_MS = 15_000;
const MAX_GRACE_MS = 3_600_000;

export interface ConnectOptions extends CallOptions {
  readonly log?: Log | undefined;
  /** ms without any frame after which the agent counts as silent; it is pinged three times before. Default 15 000. */
  readonly silenceMs?: number | undefined;
  /** The channel leads to an agent that somebody else holds: nothing that is read is acknowledged. Default false. */
  readonly observe?: boolean | undefined;
}

/** What an agent says of its program at a ping. */
export type Pong = Extract<ControlFrame, { type: 'pong' }> & { readonly roundTripMs: number };

/** The host's end of the conversation with one agent, over any channel, across the agent's restarts. */
export class AgentClient implements AsyncDisposable {
  readonly #channel: Channel<unknown, HostFrame>;
  readonly #log: Log | undefined;
  readonly #observes: boolean;
  readonly #host: string = randomUUID();
  readonly #requests = new Requests();
  readonly #reading: JournalReading;
  readonly #heartbeat: Heartbeat;
  readonly #listeners = new ClientListeners();
  readonly #standalone: StandaloneEvents = {
    cancel: async ({ id }, reason) => {
      this.cancel(id, reason);
      // A living agent sees to the end by itself. One that does not answer is not waited for.
      await this.ping();
    },
    forget: (answer) => this.forget(answer),
  };
  readonly #subscriptions: (() => void)[];
  #hello: AgentHello | undefined;
  /** A hello was sent and not answered yet. */
  #greeting = false;
  /** Cancels for an agent that is away. */
  readonly #owed = new Map<string, CancelReason>();
  #refused: InstanceError | undefined;
  #ref = 0;
  #closed = false;

  private constructor(channel: Channel, options: ConnectOptions) {
    this.#channel = channel as Channel<unknown, HostFrame>;
    this.#log = options.log;
    this.#observes = options.observe ?? false;
    this.#reading = this.#read();
    this.#heartbeat = new Heartbeat(options.silenceMs ?? SILENCE_MS, {
      beat: () => this.#send({ type: 'ping', n: this.#nextRef(), ack: this.#reading.takeAcknowledgement() }),
      silent: () => this.#listeners.emit('silent'),
      heard: () => this.#listeners.emit('heard'),
    });
    this.#subscriptions = [
      channel.on('up', () => this.#greet()),
      channel.on('down', (reason) => this.#down(reason)),
      channel.on('invalid', (error) => this.#unreadable(error.message)),
      channel.subscribe((value) => this.#receive(value)),
    ];
    if (channel.isUp) this.#greet();
  }

  /**
   * Takes the channel over and waits for the agent's hello.
   * @throws {InstanceError} CCB_AGENT_UNREACHABLE after timeoutMs (10 000 ms), CCB_LOCKED, CCB_PROTOCOL_MISMATCH
   */
  static async connect(channel: Channel, options: ConnectOptions = {}): Promise<AgentClient> {
    const client = new AgentClient(channel, options);
    try {
      await client.whenUp(options);
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /** The last hello. @throws {InstanceError} CCB_AGENT_UNREACHABLE while the agent is away */
  get hello(): AgentHello {
    if (this.#hello !== undefined) return this.#hello;
    throw unreachable('it has not said hello. whenUp() waits for it');
  }

  get isUp(): boolean {
    return this.#hello !== undefined && this.#channel.isUp;
  }

  /** Answers and histories that are being read. */
  get following(): number {
    return this.#reading.size;
  }

  on<K extends keyof ClientEvents>(event: K, listener: ClientEvents[K]): () => void {
    return this.#listeners.add(event, listener);
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
      if (!over.signal.aborted && !this.#closed) this.#requests.fail('hello', unreachable(String(cause), cause));
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

  /**
   * Hands the secrets over and resolves when the program takes commands.
   * @throws {InstanceError} CCB_SECRET_MISSING, CCB_PROGRAM_NOT_FOUND, CCB_PROGRAM_EXITED, CCB_TIMEOUT (60 000 ms)
   * @throws {TypeError} for names that no environment variable can have, and values with a NUL
   */
  async configure(secrets: Readonly<Record<string, string>>, options: CallOptions = {}): Promise<void> {
    // The agent would only drop such a frame.
    const frame = parseHostFrame({ type: 'configure', secrets });
    await this.#ask('configured', 'configure', frame, CONFIGURE_MS, options);
  }

  /**
   * Sends a command of one's own; several may be sent at once, the agent runs them in order. Its deadline and its signal
   * end the command, in the program too. A permission that the program asks for is the agent's to deny.
   * @throws {TypeError} for a text or options that make no sense; every other failure is on the stream
   */
  run(text: string, options: CommandOptions = {}): CommandStream {
    return this.#started(createAnswer(text, options, this.#standalone));
  }

  /**
   * Continues, or replays, a command that the agent knows. `signal` and `timeoutMs` end this wait for it alone.
   * @throws {TypeError}; on the stream: CCB_NOT_FOUND, CCB_JOURNAL_GAP, CCB_JOURNAL_LOST
   */
  resume(id: string, options: ResumeOptions = {}): CommandStream {
    return this.#started(resumeAnswer(id, options, this.#standalone));
  }

  /** Runs the answer's command, or goes on with it: the agent sends what the answer has not seen. */
  feed(answer: Answer): void {
    this.#reading.feed(answer);
  }

  /** Nobody wants the answer any more; its command goes on. */
  forget(answer: Answer): void {
    this.#reading.forget(answer);
  }

  /** Gives every open answer up with this error; the commands go on in the agent. */
  abandon(error: InstanceError): void {
    this.#reading.failAll(error);
  }

  /** Ends a command, in the program too; an agent that is away is told when it is back. */
  cancel(id: string, reason: CancelReason): void {
    if (this.isUp) this.#send({ type: 'cancel', id, reason });
    else this.#owed.set(id, reason);
  }

  /** Ends whatever runs; its id once its end is journaled, undefined when nothing ran. */
  interrupt(options: CallOptions = {}): Promise<string | undefined> {
    const ref = this.#nextRef();
    return this.#ask(`interrupt ${ref}`, 'interrupt', { type: 'interrupt', ref }, INTERRUPT_MS, options);
  }

  /** What the journal holds, of all commands. Throws CCB_JOURNAL_GAP, CCB_JOURNAL_LOST at its first step. */
  history(options: {
    readonly after?: Cursor | undefined;
    readonly follow: boolean;
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterableIterator<HistoryEntry> {
    return this.#reading.history(options);
  }

  /** What the agent says of its program, and how long it took to say so (ms). @throws {InstanceError} CCB_TIMEOUT */
  async ping(options: CallOptions = {}): Promise<Pong> {
    const n = this.#nextRef();
    const sentAt = performance.now();
    const pong = await this.#ask<Pong>(`pong ${n}`, 'ping', { type: 'ping', n }, CALL_MS, options);
    return { ...pong, roundTripMs: performance.now() - sentAt };
  }

  /**
   * Asks the agent to end its program and itself; resolves when it is gone, at once when it is away.
   * @throws {InstanceError} CCB_TIMEOUT (graceMs + 10 000 ms)
   */
  async shutdown(options: CallOptions & { readonly graceMs?: number | undefined } = {}): Promise<void> {
    const graceMs = Math.min(Math.ceil(options.graceMs ?? 5_000), MAX_GRACE_MS);
    if (this.isUp) await this.#ask('down', 'shutdown', { type: 'shutdown', graceMs }, graceMs + 10_000, options);
  }

  /** Lets go of the agent, which goes on; answers still open end with CCB_CLOSED. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const ack = this.#hello === undefined ? undefined : this.#reading.takeAcknowledgement();
    if (ack !== undefined) this.#send({ type: 'ack', seq: ack });
    this.#heartbeat.stop();
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    const closed = closedError();
    this.#reading.close(closed);
    this.#requests.failAll(closed);
    await this.#channel.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #started({ answer, stream }: StandaloneAnswer): CommandStream {
    if (!answer.settled) this.feed(answer);
    return stream;
  }

  #read(): JournalReading {
    const client = this;
    return new JournalReading({
      get isUp(): boolean {
        return client.isUp;
      },
      requests: this.#requests,
      observes: this.#observes,
      send: (frame) => this.#send(frame),
      hold: (held) => (held ? this.#channel.pause() : this.#channel.resume()),
      note: (level, event, fields) => this.#note(level, event, fields),
      nextRef: () => this.#nextRef(),
    });
  }

  #greet(): void {
    this.#greeting = true;
    this.#refused = undefined;
    this.#heartbeat.start();
    this.#send({ type: 'hello', protocol: [oldestProtocol, protocolVersion], host: this.#host });
  }

  #down(reason: string): void {
    const wasUp = this.#hello !== undefined;
    this.#hello = undefined;
    this.#greeting = false;
    this.#heartbeat.stop();
    this.#requests.answer('down', undefined);
    const gone = new InstanceError('CCB_BACKEND_UNREACHABLE', `the agent is gone (${reason})`, { retryable: true });
    // Whoever waits for a hello goes on waiting: that is what reconnecting means.
    this.#requests.failAllBut('hello', gone);
    if (wasUp) this.#listeners.emit('down', reason);
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
    if (frame.type === 'event' || frame.type === 'begin' || frame.type === 'end') this.#reading.line(frame);
    else this.#control(frame);
  }

  #unreadable(reason: string): void {
    this.#note('warn', 'agent.invalid_line', { reason });
    this.#reading.missing();
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
        this.#reading.configured();
        this.#requests.answer('configured', undefined);
        break;
      case 'interrupted':
        this.#requests.answer(`interrupt ${frame.ref}`, frame.id);
        break;
      case 'resumed':
        this.#reading.resumed(frame);
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
      this.#reading.greeted(hello);
      for (const [id, reason] of this.#owed) this.#send({ type: 'cancel', id, reason });
      this.#owed.clear();
      this.#requests.answer('hello', hello);
      this.#listeners.emit('up', hello);
    }
  }

  #refuse(error: InstanceError): void {
    this.#refused = error;
    this.#requests.fail('hello', error);
  }

  #refusal(frame: Extract<ControlFrame, { type: 'refused' }>): void {
    const { ref, id, code, message, retryable } = frame;
    const error = new InstanceError(code, message, { retryable });
    if (ref !== undefined) this.#requests.fail(`resume ${ref}`, error);
    else if (id !== undefined) this.#reading.refused(id, frame);
    else if (this.#requests.fail('configured', error)) return;
    else if (this.#hello === undefined) this.#refuse(error);
    else this.#note('warn', 'agent.refused', { code, reason: message });
  }

  async #ask<T>(
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
    this.#send(frame);
    return await answer;
  }

  #nextRef(): number {
    this.#ref += 1;
    return this.#ref;
  }

  #send(frame: HostFrame): void {
    if (this.#channel.isUp) this.#channel.write(Buffer.from(`${JSON.stringify(frame)}\n`));
  }

  #note(level: 'debug' | 'info' | 'warn' | 'error', event: string, fields?: Readonly<Record<string, unknown>>): void {
    try {
      this.#log?.({ ...fields, level, event });
    } catch {
      // A log hook must not break what it watches.
    }
  }
}

function isHello(value: unknown): boolean {
  return (value as { readonly type?: unknown } | null)?.type === 'hello';
}
