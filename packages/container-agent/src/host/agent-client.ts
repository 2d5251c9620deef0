import { randomUUID } from 'node:crypto';
import { type CallOptions, type Cursor, type HistoryEntry, InstanceError, type Log } from '@ccb/instance-interface';
import type { Answer } from '@ccb/instance-interface/abstract';
import type { Channel } from '@ccb/named-pipe';
import { parseAgentFrame } from '../protocol/agent-frame.ts';
import type { AgentFrame, AgentHello, CancelReason, ControlFrame, HostFrame, JournalFrame } from '../protocol/frames.ts';
import { oldestProtocol, protocolVersion } from '../protocol/version.ts';
import { cursorOf } from './events.ts';
import { AnswerFollower, type Follower } from './follower.ts';
import { Followers } from './followers.ts';
import { Heartbeat } from './heartbeat.ts';
import { HistoryReader } from './history-reader.ts';
import { Requests } from './requests.ts';

const CONNECT_MS = 10_000;
const CALL_MS = 5_000;
const REPAIRS = 3;

export interface ConnectOptions extends CallOptions {
  readonly log?: Log | undefined;
  /** ms without any frame after which the agent counts as silent; it is pinged three times before. Default 15 000. */
  readonly silenceMs?: number | undefined;
}

/** What an agent says of its program at a ping. */
export type Pong = Extract<ControlFrame, { type: 'pong' }> & { readonly roundTripMs: number };

export interface AgentClientEvents {
  /** The agent is there (again) and has said hello. */
  up(hello: AgentHello): void;
  down(reason: string): void;
  /** Nothing was heard for `silenceMs`, though the channel stands: frozen, or the machine is. */
  silent(): void;
  /** It speaks again. */
  heard(): void;
}

/** The host's end of the conversation with one agent, over any channel, across the agent's restarts. */
export class AgentClient implements AsyncDisposable {
  readonly #channel: Channel<unknown, HostFrame>;
  readonly #log: Log | undefined;
  readonly #host: string = randomUUID();
  readonly #followers: Followers;
  readonly #requests = new Requests();
  readonly #heartbeat: Heartbeat;
  readonly #listeners: { readonly [K in keyof AgentClientEvents]: Set<AgentClientEvents[K]> } = {
    up: new Set(),
    down: new Set(),
    silent: new Set(),
    heard: new Set(),
  };
  readonly #subscriptions: (() => void)[];
  #hello: AgentHello | undefined;
  #previousJournal: string | undefined;
  #refused: InstanceError | undefined;
  #expected = 0;
  #repairs = 0;
  #repairing = false;
  readonly #resuming = new Map<number, Follower>();
  #ref = 0;
  #closed = false;

  private constructor(channel: Channel, options: ConnectOptions) {
    this.#channel = channel as Channel<unknown, HostFrame>;
    this.#log = options.log;
    this.#followers = new Followers({
      flow: (paused) => this.#send({ type: paused ? 'pause' : 'proceed' }),
      hold: (held) => (held ? this.#channel.pause() : this.#channel.resume()),
      acknowledge: (seq) => this.#send({ type: 'ack', seq }),
    });
    this.#heartbeat = new Heartbeat(options.silenceMs ?? 15_000, {
      beat: () => this.#beat(),
      silent: () => this.#emit('silent'),
      heard: () => this.#emit('heard'),
    });
    this.#subscriptions = [
      channel.on('up', () => this.#greet()),
      channel.on('down', (reason) => this.#down(reason)),
      channel.on('invalid', (error) => {
        this.#note('warn', 'agent.invalid_line', { reason: error.message });
        this.#repair();
      }),
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
      await client.whenUp({ signal: options.signal, timeoutMs: options.timeoutMs ?? CONNECT_MS });
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /** The last hello. */
  get hello(): AgentHello {
    if (this.#hello === undefined) throw new InstanceError('CCB_AGENT_UNREACHABLE', 'the agent has not said hello', { retryable: true });
    return this.#hello;
  }

  get isUp(): boolean {
    return this.#hello !== undefined && this.#channel.isUp;
  }

  on<K extends keyof AgentClientEvents>(event: K, listener: AgentClientEvents[K]): () => void {
    const listeners = this.#listeners[event] as Set<AgentClientEvents[K]>;
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Resolves when the agent has said hello. @throws {InstanceError} as `connect` */
  async whenUp(options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs: number }): Promise<AgentHello> {
    if (this.#refused !== undefined) throw this.#refused;
    if (this.isUp) return this.hello;
    try {
      return await this.#requests.ask<AgentHello>('hello', 'hello', options);
    } catch (error) {
      if (!InstanceError.is(error, 'CCB_TIMEOUT')) throw error;
      const message = `the agent did not say hello within ${options.timeoutMs} ms; is it running? Its log says more`;
      throw new InstanceError('CCB_AGENT_UNREACHABLE', message, { retryable: true, cause: error });
    }
  }

  /** Hands the secrets over and resolves when the program takes commands. @throws {InstanceError} CCB_SECRET_MISSING, CCB_PROGRAM_NOT_FOUND … */
  async configure(secrets: Readonly<Record<string, string>>, options: CallOptions = {}): Promise<void> {
    const answer = this.#requests.ask<void>('configured', 'configure', { ...options, timeoutMs: options.timeoutMs ?? 60_000 });
    this.#send({ type: 'configure', secrets });
    await answer;
  }

  /** Runs the answer's command, or goes on with it: the agent sends what the answer has not seen. */
  feed(answer: Answer): void {
    const follower = new AnswerFollower(answer, () => this.#followers.updateFlow());
    answer.onDrain = () => this.#followers.updateFlow();
    this.#followers.add(follower);
    if (this.isUp) this.#request(follower);
  }

  /** Nobody wants it any more; the command goes on. */
  forget(answer: Answer): void {
    for (const follower of this.#followers.ofCommand(answer.id)) {
      if (follower.answer === answer) this.#followers.remove(follower);
    }
  }

  cancel(id: string, reason: CancelReason): void {
    this.#send({ type: 'cancel', id, reason });
  }

  /** Ends whatever runs; its id once its end is journaled, undefined when nothing ran. */
  async interrupt(options: CallOptions = {}): Promise<string | undefined> {
    const ref = ++this.#ref;
    const answer = this.#requests.ask<string | undefined>(`interrupt ${ref}`, 'interrupt', { ...options, timeoutMs: options.timeoutMs ?? 15_000 });
    this.#send({ type: 'interrupt', ref });
    return await answer;
  }

  history(options: { readonly after?: Cursor | undefined; readonly follow: boolean; readonly signal?: AbortSignal | undefined }): AsyncIterableIterator<HistoryEntry> {
    const { signal } = options;
    const aborted = (): void => reader.abort(signal?.reason);
    const reader: HistoryReader = new HistoryReader(options, {
      taken: () => this.#followers.updateFlow(),
      ended: () => {
        signal?.removeEventListener('abort', aborted);
        this.#followers.remove(reader);
      },
    });
    if (signal?.aborted) {
      aborted();
      return reader;
    }
    signal?.addEventListener('abort', aborted, { once: true });
    this.#followers.add(reader);
    if (this.isUp) this.#request(reader);
    return reader;
  }

  /** What the agent says of its program, and how long it took to say so. @throws {InstanceError} CCB_TIMEOUT */
  async ping(options: CallOptions = {}): Promise<Pong> {
    const n = ++this.#ref;
    const sentAt = performance.now();
    const answer = this.#requests.ask<Extract<ControlFrame, { type: 'pong' }>>(`pong ${n}`, 'ping', { ...options, timeoutMs: options.timeoutMs ?? CALL_MS });
    this.#send({ type: 'ping', n });
    return { ...(await answer), roundTripMs: performance.now() - sentAt };
  }

  /** Asks the agent to end its program and itself; resolves when it is gone. @throws {InstanceError} CCB_TIMEOUT */
  async shutdown(options: CallOptions & { readonly graceMs?: number | undefined } = {}): Promise<void> {
    const graceMs = options.graceMs ?? 5_000;
    if (!this.isUp) return;
    const gone = this.#requests.ask<void>('down', 'shutdown', { ...options, timeoutMs: options.timeoutMs ?? graceMs + 10_000 });
    this.#send({ type: 'shutdown', graceMs });
    await gone;
  }

  /** Lets go of the agent, which goes on; answers still open end with CCB_CLOSED. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#acknowledge();
    this.#heartbeat.stop();
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    const closed = new InstanceError('CCB_CLOSED', 'the connection to the agent was closed; the command goes on there');
    this.#followers.failAll(closed);
    this.#requests.failAll(closed);
    await this.#channel.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Gives every open answer up with this error; the commands go on in the agent. */
  abandon(error: InstanceError): void {
    this.#followers.failAll(error);
  }

  get following(): number {
    return this.#followers.size;
  }

  #greet(): void {
    this.#heartbeat.start();
    this.#send({ type: 'hello', protocol: [oldestProtocol, protocolVersion], host: this.#host });
  }

  #down(reason: string): void {
    const wasUp = this.#hello !== undefined;
    this.#hello = undefined;
    this.#heartbeat.stop();
    this.#requests.answer('down', undefined);
    const gone = new InstanceError('CCB_BACKEND_UNREACHABLE', `the agent is gone (${reason})`, { retryable: true });
    // Whoever waits for a hello goes on waiting: that is what reconnecting means.
    this.#requests.failAllBut('hello', gone);
    if (wasUp) this.#emit('down', reason);
  }

  #receive(value: unknown): void {
    this.#heartbeat.heard();
    let frame: AgentFrame;
    try {
      frame = parseAgentFrame(value);
    } catch (error) {
      this.#note('warn', 'agent.invalid_frame', { reason: error instanceof Error ? error.message : String(error) });
      this.#repair();
      return;
    }
    if (frame.type === 'event' || frame.type === 'begin' || frame.type === 'end') this.#line(frame);
    else this.#control(frame);
  }

  #line(frame: JournalFrame): void {
    const journalId = this.#hello?.journalId;
    if (journalId === undefined) return;
    if (frame.seq > this.#expected) {
      this.#repair();
      return;
    }
    if (frame.seq === this.#expected) {
      this.#repairing = false;
      this.#repairs = 0;
    }
    // The agent reads from an earlier place for one follower: the others have seen these lines.
    this.#expected = frame.seq + 1;
    this.#followers.deliver(frame, journalId);
    if (frame.type !== 'end') return;
    for (const follower of this.#followers.ofCommand(frame.id)) if (follower.answer.settled) this.#retire(follower);
  }

  /** An answer that has ended still holds acknowledgements back until its reader has taken it. */
  #retire(follower: AnswerFollower): void {
    const { answer } = follower;
    if (follower.takenSeq === undefined) {
      this.#followers.remove(follower);
      return;
    }
    const taken = answer.onTaken;
    answer.onTaken = (seq) => {
      taken?.(seq);
      if (follower.takenSeq === undefined) this.#followers.remove(follower);
    };
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
        this.#requests.answer('configured', undefined);
        break;
      case 'interrupted':
        this.#requests.answer(`interrupt ${frame.ref}`, frame.id);
        break;
      case 'resumed':
        // At once: the lines follow in the same chunk.
        this.#resuming.get(frame.ref)?.resumed(frame.after, frame.upTo);
        this.#requests.answer(`resume ${frame.ref}`, undefined);
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
    if (hello.busy !== undefined) {
      const { host, since } = hello.busy;
      this.#refuse(new InstanceError('CCB_LOCKED', `another host (${host}) has held this agent since ${since}; end it, or open the instance with mode 'observe'`, { retryable: true }));
      return;
    }
    const lost = this.#previousJournal !== undefined && this.#previousJournal !== hello.journalId;
    this.#previousJournal = hello.journalId;
    this.#hello = hello;
    this.#expected = hello.lastSeq + 1;
    this.#repairing = false;
    if (lost) {
      this.#followers.failAll(new InstanceError('CCB_JOURNAL_LOST', 'the journal with this answer is gone: the agent began a new one'));
    }
    this.#followers.reconnected();
    for (const follower of this.#followers.all) this.#request(follower);
    this.#requests.answer('hello', hello);
    this.#emit('up', hello);
  }

  #refuse(error: InstanceError): void {
    this.#refused = error;
    this.#requests.fail('hello', error);
  }

  #refusal({ ref, id, code, message, retryable }: Extract<ControlFrame, { type: 'refused' }>): void {
    const error = new InstanceError(code, message, { retryable });
    if (ref !== undefined) this.#requests.fail(`resume ${ref}`, error);
    else if (id !== undefined) {
      for (const follower of this.#followers.ofCommand(id)) {
        this.#followers.remove(follower);
        follower.refused(code, message, retryable, this.#previousJournal ?? '', Math.max(0, this.#expected - 1));
      }
    } else if (!this.#requests.fail('configured', error)) this.#refuse(error);
  }

  #request(follower: Follower): void {
    const { journalId } = this.hello;
    const ref = ++this.#ref;
    const frame = follower.request(journalId, ref);
    if (frame.type === 'command') {
      const ack = this.#followers.ackable(this.#expected - 1);
      if (ack !== undefined) this.#followers.noteAcknowledged(ack);
      this.#send(ack === undefined ? frame : { ...frame, ack });
      this.#cancelAgain(follower);
      return;
    }
    this.#resuming.set(ref, follower);
    this.#requests
      .ask<void>(`resume ${ref}`, 'resume', { timeoutMs: CONNECT_MS })
      .catch((error: InstanceError) => {
        // The agent went away meanwhile: it is asked again when it is back.
        if (InstanceError.is(error, 'CCB_BACKEND_UNREACHABLE') && !this.#closed) return;
        this.#followers.remove(follower);
        follower.fail(error);
      })
      .finally(() => this.#resuming.delete(ref));
    this.#send(frame);
    this.#cancelAgain(follower);
  }

  /** A cancel that was asked for while the agent was away. */
  #cancelAgain(follower: Follower): void {
    if (!(follower instanceof AnswerFollower)) return;
    const { id, cancelRequested } = follower.answer;
    if (cancelRequested !== undefined) this.cancel(id, cancelRequested);
  }

  /** A line is missing: read again from the last good one; an agent that cannot give it is broken. */
  #repair(): void {
    const hello = this.#hello;
    if (hello === undefined || this.#repairing) return;
    if (this.#repairs >= REPAIRS) {
      const message = `the agent's line ${this.#expected} is missing or malformed, also when asked for again; is it of another version, or broken?`;
      this.#followers.failAll(new InstanceError('CCB_PROTOCOL', message));
      return;
    }
    this.#repairing = true;
    this.#repairs += 1;
    this.#note('warn', 'agent.line_missing', { expected: this.#expected });
    this.#send({ type: 'resume', ref: 0, after: cursorOf(hello.journalId, this.#expected - 1) });
  }

  #beat(): void {
    this.#acknowledge();
    this.#send({ type: 'ping', n: ++this.#ref });
  }

  #acknowledge(): void {
    if (this.#hello !== undefined) this.#followers.acknowledge(this.#expected - 1);
  }

  #send(frame: HostFrame): void {
    if (this.#channel.isUp) this.#channel.write(Buffer.from(`${JSON.stringify(frame)}\n`));
  }

  #emit<K extends keyof AgentClientEvents>(event: K, ...args: Parameters<AgentClientEvents[K]>): void {
    for (const listener of this.#listeners[event]) (listener as (...args: unknown[]) => void)(...args);
  }

  #note(level: 'debug' | 'info' | 'warn' | 'error', event: string, fields: Readonly<Record<string, unknown>> | undefined): void {
    this.#log?.({ ...fields, level, event });
  }
}
