import type {
  CallOptions,
  CommandOptions,
  CommandStream,
  Cursor,
  HistoryEntry,
  InstanceError,
  ResumeOptions,
} from '@ccb/instance-interface';
import {
  type Answer,
  createAnswer,
  resumeAnswer,
  type StandaloneAnswer,
  type StandaloneEvents,
} from '@ccb/instance-interface/abstract';
import type { Channel } from '@ccb/named-pipe';
import type { AgentHello, CancelReason, ControlFrame } from '../protocol/frames.ts';
import { parseHostFrame } from '../protocol/host-frame.ts';
import type { ClientEvents } from './client-listeners.ts';
import { Connection, type ConnectOptions } from './connection.ts';

const CALL_MS = 5_000;
const CONFIGURE_MS = 60_000;
const INTERRUPT_MS = 15_000;
const MAX_GRACE_MS = 3_600_000;

/** What an agent says of its program at a ping. */
export type Pong = Extract<ControlFrame, { type: 'pong' }> & { readonly roundTripMs: number };

/** The host's end of the conversation with one agent, over any channel, across the agent's restarts. */
export class AgentClient implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #standalone: StandaloneEvents = {
    cancel: async ({ id }, reason) => {
      this.cancel(id, reason);
      // A living agent sees to the end by itself. One that does not answer is not waited for.
      await this.ping();
    },
    forget: (answer) => this.forget(answer),
  };

  private constructor(channel: Channel, options: ConnectOptions) {
    this.#connection = new Connection(channel, options);
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
    return this.#connection.hello;
  }

  get isUp(): boolean {
    return this.#connection.isUp;
  }

  /** Answers and histories that are being read. */
  get following(): number {
    return this.#connection.reading.size;
  }

  on<K extends keyof ClientEvents>(event: K, listener: ClientEvents[K]): () => void {
    return this.#connection.listeners.add(event, listener);
  }

  /** Resolves when the agent has said hello. @throws {InstanceError} as `connect`, CCB_CLOSED */
  whenUp(options: CallOptions = {}): Promise<AgentHello> {
    return this.#connection.whenUp(options);
  }

  /**
   * Hands the secrets over and resolves when the program takes commands.
   * @throws {InstanceError} CCB_SECRET_MISSING, CCB_PROGRAM_NOT_FOUND, CCB_PROGRAM_EXITED, CCB_TIMEOUT (60 000 ms)
   * @throws {TypeError} for names that no environment variable can have, and values with a NUL
   */
  async configure(secrets: Readonly<Record<string, string>>, options: CallOptions = {}): Promise<void> {
    // The agent would only drop such a frame.
    const frame = parseHostFrame({ type: 'configure', secrets });
    await this.#connection.ask('configured', 'configure', frame, CONFIGURE_MS, options);
  }

  /**
   * Sends a command of one's own; several may be sent at once, the agent runs them in order. Its deadline and its signal
   * end the command, in the program too. `'deny'` (the default) and `'allow'` are answered by the agent, also when this
   * host is gone; a handler is asked here, or in the host that resumes the command.
   * @throws {TypeError} for a text or options that make no sense; every other failure is on the stream
   */
  run(text: string, options: CommandOptions = {}): CommandStream {
    return this.#started(createAnswer(text, options, this.#standalone));
  }

  /**
   * Continues, or replays, a command that the agent knows. What its program asks is asked again, where the command was
   * sent with a handler: `permission` answers, default `'deny'`. `signal` and `timeoutMs` end this wait for it alone.
   * @throws {TypeError}; on the stream: CCB_NOT_FOUND, CCB_JOURNAL_GAP, CCB_JOURNAL_LOST
   */
  resume(id: string, options: ResumeOptions = {}): CommandStream {
    return this.#started(resumeAnswer(id, options, this.#standalone));
  }

  /** Runs the answer's command, or goes on with it: the agent sends what the answer has not seen, and asks it. */
  feed(answer: Answer): void {
    this.#connection.feed(answer);
  }

  /** Nobody wants the answer any more; its command goes on. */
  forget(answer: Answer): void {
    this.#connection.reading.forget(answer);
  }

  /** Gives every open answer up with this error; the commands go on in the agent. */
  abandon(error: InstanceError): void {
    this.#connection.reading.failAll(error);
  }

  /** Ends a command, in the program too; an agent that is away is told when it is back. */
  cancel(id: string, reason: CancelReason): void {
    this.#connection.cancel(id, reason);
  }

  /** Ends whatever runs; its id once its end is journaled, undefined when nothing ran. */
  interrupt(options: CallOptions = {}): Promise<string | undefined> {
    const ref = this.#connection.nextRef();
    return this.#connection.ask(`interrupt ${ref}`, 'interrupt', { type: 'interrupt', ref }, INTERRUPT_MS, options);
  }

  /** What the journal holds, of all commands. Throws CCB_JOURNAL_GAP, CCB_JOURNAL_LOST at its first step. */
  history(options: {
    readonly after?: Cursor | undefined;
    readonly follow: boolean;
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterableIterator<HistoryEntry> {
    return this.#connection.reading.history(options);
  }

  /** What the agent says of its program, and how long it took to say so (ms). @throws {InstanceError} CCB_TIMEOUT */
  async ping(options: CallOptions = {}): Promise<Pong> {
    const n = this.#connection.nextRef();
    const sentAt = performance.now();
    const pong = await this.#connection.ask<Pong>(`pong ${n}`, 'ping', { type: 'ping', n }, CALL_MS, options);
    return { ...pong, roundTripMs: performance.now() - sentAt };
  }

  /**
   * Asks the agent to end its program and itself; resolves when it is gone, at once when it is away.
   * @throws {InstanceError} CCB_TIMEOUT (graceMs + 10 000 ms)
   */
  async shutdown(options: CallOptions & { readonly graceMs?: number | undefined } = {}): Promise<void> {
    const graceMs = Math.min(Math.ceil(options.graceMs ?? 5_000), MAX_GRACE_MS);
    if (this.isUp)
      await this.#connection.ask('down', 'shutdown', { type: 'shutdown', graceMs }, graceMs + 10_000, options);
  }

  /** Lets go of the agent, which goes on; answers still open end with CCB_CLOSED. Idempotent. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #started({ answer, stream }: StandaloneAnswer): CommandStream {
    if (!answer.settled) this.feed(answer);
    return stream;
  }
}
