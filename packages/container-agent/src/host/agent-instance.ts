import { setTimeout as delay } from 'node:timers/promises';
import {
  type CallOptions,
  type Cursor,
  type HistoryEntry,
  InstanceError,
  type InstanceInfo,
  type InstanceRecord,
} from '@ccb/instance-interface';
import {
  AbstractInstance,
  type AbstractInstanceOptions,
  type Answer,
  type Call,
} from '@ccb/instance-interface/abstract';
import type { Channel } from '@ccb/named-pipe';
import { AgentClient } from './agent-client.ts';

const RECONNECT_MS = 30_000;
const OPEN_MS = 15_000;
/** ms in which an agent that was found must say hello again before it is looked for anew. */
const DYING_MS = 250;
/** ms before each further attempt to bring an agent back; the last one repeats. */
const BACKOFF_MS = [0, 100, 500, 2_000, 5_000];

export interface AgentInstanceOptions extends Omit<AbstractInstanceOptions, 'capabilities'> {
  /** What `configure` brings: values for the names that the record lists. */
  readonly secrets: Readonly<Record<string, string>>;
  /** ms in which an agent that went away must be back before its commands end with CCB_BACKEND_UNREACHABLE. Default 30 000. */
  readonly reconnectMs?: number | undefined;
  /** ms without a sign of life after which the agent counts as frozen. Default 15 000. */
  readonly silenceMs?: number | undefined;
}

/** Everything that backends with an agent share: they say how to launch it, reach it, and end it. */
export abstract class AgentInstance extends AbstractInstance {
  readonly #secrets: Readonly<Record<string, string>>;
  readonly #reconnectMs: number;
  readonly #silenceMs: number | undefined;
  readonly #observing: boolean;
  readonly #gone = new AbortController();
  #client: AgentClient | undefined;
  #recovering: Promise<void> | undefined;

  protected constructor(record: InstanceRecord, options: AgentInstanceOptions) {
    super(record, {
      ...options,
      capabilities: {
        interrupt: true,
        // No program of today asks.
        permissions: false,
        exitCode: true,
        exactOutput: true,
        resume: true,
        history: true,
        detach: true,
      },
    });
    this.#secrets = options.secrets;
    this.#reconnectMs = options.reconnectMs ?? RECONNECT_MS;
    this.#silenceMs = options.silenceMs;
    this.#observing = options.mode === 'observe';
  }

  /** Makes sure that the instance's one agent runs, and resolves when it listens; nothing to do when it does already. */
  protected abstract _launch(call: Call): Promise<'launched' | 'running'>;
  /** An agent of this instance runs, whether or not it answers. */
  protected abstract _alive(): Promise<boolean>;
  /** A channel to it; need not be up yet. */
  protected abstract _channel(call: Call): Promise<Channel>;
  /** Ends the agent and everything it started, whatever state it is in. */
  protected abstract _kill(call: Call & { readonly graceMs: number }): Promise<void>;
  /** Takes the hold (idempotent). @throws {InstanceError} CCB_LOCKED */
  protected abstract _hold(call: Call): Promise<void>;
  /** Gives the hold back (idempotent). */
  protected abstract _release(): Promise<void>;

  protected override async _start(call: Call): Promise<void> {
    await this.#recovering;
    if (this.#client?.isUp) {
      // It was silent. Whoever waits for its answers keeps this connection.
      await this.#client.ping({ signal: call.signal }).catch((error: unknown) => {
        throw this.#frozen(error);
      });
      return;
    }
    await this._hold(call);
    const found = await this._launch(call);
    try {
      await this.#connect(call);
    } catch (error) {
      throw found === 'running' && InstanceError.is(error, 'CCB_AGENT_UNREACHABLE') ? this.#frozen(error) : error;
    }
  }

  /** What opening does: hold, and connect to an agent that runs. One that does not answer leaves the instance `unreachable`. */
  protected async _open(options: CallOptions): Promise<void> {
    const signal = options.signal ?? AbortSignal.timeout(options.timeoutMs ?? OPEN_MS);
    if (!this.#observing) await this._hold({ signal });
    if (!(await this._alive())) return;
    try {
      if (this.#observing) {
        await this.#connect({ signal });
        this._moved('running', 'it was opened beside its holder');
      } else await this.start(options);
    } catch (error) {
      if (!InstanceError.is(error, 'CCB_AGENT_FROZEN') && !InstanceError.is(error, 'CCB_TIMEOUT')) throw error;
      this._moved('unreachable', 'the agent does not answer', error);
    }
  }

  protected override async _stop(call: Call & { readonly graceMs: number }): Promise<void> {
    await this.#end(call);
  }

  protected override async _detach(_call: Call): Promise<void> {
    this.#gone.abort();
    await this.#disconnect();
    await this._release();
  }

  /** Ends agent and program; a backend's `_cleanup` begins with it, then removes what is its own. */
  protected async _end(call: Call): Promise<void> {
    this.#gone.abort();
    await this.#end({ ...call, graceMs: 2_000 });
  }

  protected override _dispatch(answer: Answer): void {
    this.#feed(answer);
  }

  protected override _resume(answer: Answer): void {
    this.#feed(answer);
  }

  protected override async _cancel(answer: Answer, reason: 'cancelled' | 'timeout', call: Call): Promise<void> {
    const client = this.#client;
    answer.signal.addEventListener('abort', () => client?.forget(answer), { once: true });
    client?.cancel(answer.id, reason);
    // A living agent sees to the end by itself, by force if need be. One that does not answer is not waited for.
    await client?.ping({ signal: call.signal });
  }

  protected override async _interruptRunning({ signal }: Call): Promise<boolean> {
    return (await this.#client?.interrupt({ signal })) !== undefined;
  }

  protected override async _probe({ signal }: Call): Promise<boolean> {
    return (await this.#client?.ping({ signal }))?.program === 'running';
  }

  protected override async *_history(options: {
    readonly after?: Cursor | undefined;
    readonly follow: boolean;
    readonly signal?: AbortSignal | undefined;
  }): AsyncGenerator<HistoryEntry, void, void> {
    if (!this.#observing) await this.start({ signal: options.signal });
    if (this.#client !== undefined) yield* this.#client.history(options);
  }

  protected override async _info({ signal }: Call): Promise<Partial<InstanceInfo>> {
    const client = this.#client;
    if (client === undefined) return {};
    const { program: name, programVersion } = client.hello;
    const pong = await client.ping({ signal });
    return {
      program: { name, version: programVersion, pid: pong.pid },
      pingMs: pong.roundTripMs,
      ...(pong.running === undefined
        ? {}
        : { command: { id: pong.running, startedAt: pong.runningSince ?? new Date().toISOString() } }),
    };
  }

  // The agent runs the commands: the generator protocol of the base class is not used.
  protected override async *_run(): AsyncGenerator<never, never, void> {
    yield* [];
    throw new InstanceError('CCB_NOT_SUPPORTED', 'commands of this instance run in its agent');
  }

  protected override _interrupt(): Promise<void> {
    return Promise.reject(new InstanceError('CCB_NOT_SUPPORTED', 'commands of this instance run in its agent'));
  }

  async #connect(call: Call): Promise<void> {
    await this.#disconnect();
    const channel = await this._channel(call);
    const client = await AgentClient.connect(channel, {
      signal: call.signal,
      silenceMs: this.#silenceMs,
      observe: this.#observing,
      log: (entry) => this._log(entry.level, entry.event, entry),
    });
    try {
      if (!this.#observing) await client.configure(this.#secrets, call);
    } catch (error) {
      await client.close();
      throw error;
    }
    this.#client = client;
    client.on('down', (reason) => this.#down(reason));
    client.on('silent', () => this.#silent());
    client.on('heard', () => this._moved('running', 'the agent speaks again'));
  }

  #feed(answer: Answer): void {
    const client = this.#client;
    if (client !== undefined) {
      if (answer.resumed) answer.signal.addEventListener('abort', () => client.forget(answer), { once: true });
      client.feed(answer);
      return;
    }
    const message = `${this.name}: the agent is gone. Send the command again: that starts a new one.`;
    const error = new InstanceError('CCB_BACKEND_UNREACHABLE', message, { retryable: true, instance: this.name });
    // First, so that those in line are not tried one after the other.
    this._moved('failed', 'the agent is gone', error);
    answer.fail(error);
  }

  #silent(): void {
    this._moved('unreachable', 'the agent is silent', this.#frozen());
  }

  /** It lives, so a second one is never started beside it. */
  #frozen(cause?: unknown): InstanceError {
    const message = `${this.name}: the agent is there but says nothing; it or the machine is frozen. Continue its process (kill -CONT), or clean the instance up`;
    return new InstanceError('CCB_AGENT_FROZEN', message, { cause, retryable: true, instance: this.name });
  }

  #down(reason: string): void {
    if (this.#gone.signal.aborted || this.state === 'stopping' || this.#recovering !== undefined) return;
    if (this.#observing || (this.#client?.following ?? 0) === 0) {
      void this.#disconnect();
      this._moved('stopped', `the agent ended (${reason})`);
      return;
    }
    this._moved('unreachable', `the agent is gone (${reason})`);
    this.#recovering = this.#recover().finally(() => {
      this.#recovering = undefined;
    });
  }

  /** Brings the agent back for the commands that are open: its journal says how they ended, or they go on waiting in its queue. */
  async #recover(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    const signal = AbortSignal.any([this.#gone.signal, AbortSignal.timeout(this.#reconnectMs)]);
    for (let attempt = 0; ; attempt += 1) {
      try {
        await delay(BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)], undefined, { signal });
        const found = await this._launch({ signal });
        // One that is just dying still holds its lock: it is looked at again soon.
        await client.whenUp({ signal, timeoutMs: found === 'running' ? DYING_MS : this.#reconnectMs });
        await client.configure(this.#secrets, { signal });
        this._moved('running', 'the agent is back');
        return;
      } catch (cause) {
        if (this.#gone.signal.aborted) return;
        this._log('warn', 'agent.not_back', {
          attempt,
          reason: cause instanceof Error ? cause.message : String(cause),
        });
        if (signal.aborted || (InstanceError.is(cause) && !cause.retryable)) {
          await this.#lost(client, cause);
          return;
        }
      }
    }
  }

  async #lost(client: AgentClient, cause: unknown): Promise<void> {
    const own = InstanceError.is(cause) && !cause.retryable ? cause : undefined;
    const message = `${this.name}: the agent went away and did not come back within ${this.#reconnectMs} ms. Start the instance again; its journal keeps what was answered`;
    const error = own ?? new InstanceError('CCB_BACKEND_UNREACHABLE', message, { cause, retryable: true });
    client.abandon(error);
    await this.#disconnect();
    this._moved('failed', 'the agent did not come back', error);
  }

  async #end(call: Call & { readonly graceMs: number }): Promise<void> {
    const { graceMs, signal } = call;
    try {
      await this.#client?.shutdown({ graceMs, signal, timeoutMs: graceMs + 5_000 });
    } catch (error) {
      this._log('warn', 'agent.shutdown_unanswered', { reason: String(error) });
    }
    await this.#disconnect();
    if (!this.#observing) await this._kill(call);
  }

  async #disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }
}
