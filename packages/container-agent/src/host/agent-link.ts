import { InstanceError, type LogEntry } from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import { anySignal } from '@ccb/instance-interface/abstract';
import type { Channel } from '@ccb/named-pipe';
import { AgentClient } from './agent-client.ts';
import { Backoff } from './backoff.ts';

/** How often an agent that was found, and was just ending, is looked for anew. */
const ATTEMPTS = 3;

/** How a backend finds, starts and watches its agent. */
export interface AgentDoor {
  launch(call: Call): Promise<'launched' | 'running'>;
  channel(call: Call): Promise<Channel>;
  /** Gives a channel whose carrier died a new one; nothing to do for a channel that comes up by itself. */
  rejoin(call: Call): Promise<void>;
  /** The connection was lost while nobody waited for anything, and is closed. */
  idleDown(reason: string): void;
  /** Resolves when no agent of the instance lives. */
  whenGone(call: Call): Promise<void>;
  moved(to: 'running' | 'unreachable' | 'stopped' | 'failed', reason: string, error?: InstanceError): void;
  log(level: LogEntry['level'], event: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface AgentLinkOptions {
  readonly name: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly observing: boolean;
  readonly reconnectMs: number;
  readonly silenceMs: number | undefined;
}

/** The way from an instance to its agent: made, lost, made again for the commands that are open. */
export class AgentLink {
  readonly #options: AgentLinkOptions;
  readonly #door: AgentDoor;
  readonly #over = new AbortController();
  #client: AgentClient | undefined;
  #channel: Channel | undefined;
  #refused: unknown;
  #recovering: Promise<void> | undefined;
  #recovery: AbortController | undefined;
  #backoff: Backoff | undefined;
  #stopping = false;

  constructor(options: AgentLinkOptions, door: AgentDoor) {
    this.#options = options;
    this.#door = door;
  }

  get client(): AgentClient | undefined {
    return this.#client;
  }

  /** An agent answered, and said this: its program does not start. */
  isRefusal(error: unknown): boolean {
    return error !== undefined && error === this.#refused && !InstanceError.is(error, 'CCB_SECRET_MISSING');
  }

  /** Launches the agent where none runs, and connects. @throws {InstanceError} CCB_AGENT_FROZEN, what `launch` throws */
  async reach(call: Call): Promise<void> {
    await this.#recovering;
    if (this.#client?.isUp) {
      // It was silent. Whoever waits for its answers keeps this connection.
      await this.#client.ping({ signal: call.signal }).catch((error: unknown) => {
        throw this.#frozen(error);
      });
      return;
    }
    for (let attempt = 1; ; attempt += 1) {
      const found = await this.#door.launch(call);
      try {
        await this.#whileAlive(found, call, (alive) => this.connect(alive));
        return;
      } catch (error) {
        if (found === 'running' && isSilence(error)) throw this.#frozen(error);
        const ending = found === 'running' && InstanceError.is(error, 'CCB_BACKEND_UNREACHABLE');
        if (!ending || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** To an agent that runs. */
  async connect(call: Call): Promise<void> {
    await this.close();
    const { observing, secrets, silenceMs } = this.#options;
    const channel = await this.#door.channel(call);
    const client = await AgentClient.connect(channel, {
      signal: call.signal,
      silenceMs,
      observe: observing,
      log: (entry) => this.#door.log(entry.level, entry.event, entry),
    });
    try {
      if (!observing) await client.configure(secrets, call);
    } catch (error) {
      this.#refused = error;
      await client.close();
      throw error;
    }
    this.#client = client;
    this.#channel = channel;
    client.on('down', (reason) => this.#down(reason));
    client.on('silent', () => this.#door.moved('unreachable', 'the agent is silent', this.#frozen()));
    client.on('heard', () => this.#door.moved('running', 'the agent speaks again'));
  }

  /**
   * Asks the agent to end, and lets go of it; whether it obeyed is for the backend to see.
   * @param hears false: it is known not to, and nobody waits for its answer
   */
  async shutdown({ signal, graceMs }: Call & { readonly graceMs: number }, hears: boolean = true): Promise<void> {
    this.#stopping = true;
    // What is being brought back must not be there after the stop.
    this.#recovery?.abort();
    await this.#recovering;
    try {
      if (hears) await this.#client?.shutdown({ graceMs, signal, timeoutMs: graceMs + 5_000 });
    } catch (error) {
      this.#door.log('warn', 'agent.shutdown_unanswered', { reason: String(error) });
    } finally {
      this.#stopping = false;
    }
    await this.close();
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }

  /** What kept an agent away that is being brought back may be over: the next attempt is made now. */
  hurry(): void {
    this.#backoff?.hurry();
  }

  /** Nothing is brought back any more. */
  end(): void {
    this.#over.abort();
  }

  /** It lives, so a second one is never started beside it. */
  #frozen(cause?: unknown): InstanceError {
    const { name } = this.#options;
    const message = `${name}: the agent is there but says nothing; it or the machine is frozen. Continue its process (kill -CONT), or clean the instance up`;
    return new InstanceError('CCB_AGENT_FROZEN', message, { cause, retryable: true, instance: name });
  }

  /** An agent that was found may be one that is just ending: what waits for it is not kept waiting. */
  async #whileAlive<T>(found: 'launched' | 'running', call: Call, work: (call: Call) => Promise<T>): Promise<T> {
    if (found === 'launched') return await work(call);
    const done = new AbortController();
    const gone = new AbortController();
    const watching = anySignal(call.signal, done.signal);
    this.#door.whenGone({ signal: watching }).then(
      () =>
        gone.abort(
          new InstanceError('CCB_BACKEND_UNREACHABLE', 'the agent that was found has ended', { retryable: true }),
        ),
      () => undefined,
    );
    try {
      return await work({ signal: anySignal(call.signal, gone.signal) });
    } finally {
      done.abort();
    }
  }

  #down(reason: string): void {
    if (this.#over.signal.aborted || this.#stopping || this.#recovering !== undefined) return;
    if (this.#options.observing || (this.#client?.following ?? 0) === 0) {
      void this.close();
      this.#door.idleDown(reason);
      return;
    }
    this.#door.moved('unreachable', `the agent is gone (${reason})`);
    this.#recovering = this.#recover().finally(() => {
      this.#recovering = undefined;
      this.#backoff = undefined;
    });
  }

  /** Brings the agent back for the commands that are open: its journal says how they ended, or they wait in its queue again. */
  async #recover(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    const { reconnectMs } = this.#options;
    const given = new AbortController();
    this.#recovery = given;
    const backoff = new Backoff();
    this.#backoff = backoff;
    const ended = anySignal(this.#over.signal, given.signal);
    const signal = anySignal(ended, AbortSignal.timeout(reconnectMs));
    for (let attempt = 0; ; attempt += 1) {
      try {
        await backoff.pause(signal);
        const found = await this.#door.launch({ signal });
        await this.#whileAlive(found, { signal }, (alive) => this.#rejoin(client, alive));
        this.#door.moved('running', 'the agent is back');
        return;
      } catch (cause) {
        if (ended.aborted) return;
        const reason = cause instanceof Error ? cause.message : String(cause);
        this.#door.log('warn', 'agent.not_back', { attempt, reason });
        if (signal.aborted || (InstanceError.is(cause) && !cause.retryable)) {
          await this.#lost(client, cause);
          return;
        }
      }
    }
  }

  /** One attempt. A carrier that dies again ends it: there must be another attempt, and no waiting for this one. */
  async #rejoin(client: AgentClient, call: Call): Promise<void> {
    const { name, reconnectMs: timeoutMs, secrets } = this.#options;
    await this.#door.rejoin(call);
    const lost = new AbortController();
    const unsubscribe = this.#channel?.on('down', (reason) => {
      const message = `${name}: the agent was there, and is gone again (${reason})`;
      lost.abort(new InstanceError('CCB_BACKEND_UNREACHABLE', message, { retryable: true, instance: name }));
    });
    try {
      const signal = anySignal(call.signal, lost.signal);
      await client.whenUp({ signal, timeoutMs });
      await client.configure(secrets, { signal });
    } finally {
      unsubscribe?.();
    }
  }

  async #lost(client: AgentClient, cause: unknown): Promise<void> {
    const { name, reconnectMs } = this.#options;
    const own = InstanceError.is(cause) && !cause.retryable ? cause : undefined;
    const message = `${name}: the agent went away and did not come back within ${reconnectMs} ms. Start the instance again; its journal keeps what was answered`;
    const error = own ?? new InstanceError('CCB_BACKEND_UNREACHABLE', message, { cause, retryable: true });
    client.abandon(error);
    await this.close();
    this.#door.moved('failed', 'the agent did not come back', error);
  }
}

/** A hello was waited for in vain, as opposed to a channel that does not stand. */
function isSilence(error: unknown): boolean {
  return InstanceError.is(error, 'CCB_AGENT_UNREACHABLE') && InstanceError.is(error.cause, 'CCB_TIMEOUT');
}
