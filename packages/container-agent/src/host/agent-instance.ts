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
  type Command,
  type RunEnd,
} from '@ccb/instance-interface/abstract';
import type { Channel } from '@ccb/named-pipe';
import { traitsOf } from '../drivers/traits.ts';
import { AgentLink } from './agent-link.ts';

const RECONNECT_MS = 30_000;
const OPEN_MS = 15_000;

/** What is possible without an agent. */
const DIRECT = { interrupt: true, exitCode: true, exactOutput: true } as const;

export interface AgentInstanceOptions extends Omit<AbstractInstanceOptions, 'capabilities'> {
  /** What `configure` brings: values for the names that the record lists. */
  readonly secrets: Readonly<Record<string, string>>;
  /** ms in which an agent that went away must be back before its commands end with CCB_BACKEND_UNREACHABLE. Default 30 000. */
  readonly reconnectMs?: number | undefined;
  /** ms without a sign of life after which the agent counts as frozen. Default 15 000. */
  readonly silenceMs?: number | undefined;
  /** As a last resort: no agent, and what an agent makes possible is not possible. */
  readonly direct?: DirectProgram | undefined;
}

/** A program without an agent beside it: run once for each command, where nothing can be kept. */
export interface DirectProgram {
  /** @throws {InstanceError} why it cannot be run */
  start(call: Call): Promise<void>;
  run(command: Command): AsyncGenerator<string, RunEnd, void>;
  interrupt(command: Command, call: Call): Promise<void>;
  probe(call: Call): Promise<boolean>;
  stop(call: Call): Promise<void>;
}

/** Everything that backends with an agent share: they say how to launch it, reach it, and end it. */
export abstract class AgentInstance extends AbstractInstance {
  readonly #link: AgentLink;
  readonly #observing: boolean;
  readonly #direct: DirectProgram | undefined;

  protected constructor(record: InstanceRecord, options: AgentInstanceOptions) {
    super(record, {
      ...options,
      capabilities: options.direct
        ? DIRECT
        : {
            ...traitsOf(record.program),
            interrupt: true,
            exactOutput: true,
            resume: true,
            history: true,
            detach: true,
          },
    });
    this.#direct = options.direct;
    this.#observing = options.mode === 'observe';
    const { secrets, silenceMs, reconnectMs = RECONNECT_MS } = options;
    this.#link = new AgentLink(
      { name: record.name, secrets, silenceMs, reconnectMs, observing: this.#observing },
      {
        launch: (call) => this._launch(call),
        channel: (call) => this._channel(call),
        rejoin: (call) => this._rejoin(call),
        idleDown: (reason) => this._idleDown(reason),
        whenGone: (call) => this._whenGone(call),
        moved: (to, reason, error) => this._moved(to, reason, error),
        log: (level, event, fields) => this._log(level, event, fields),
      },
    );
  }

  /** Makes sure that the instance's one agent runs, and resolves when it listens; nothing to do when it does already. */
  protected abstract _launch(call: Call): Promise<'launched' | 'running'>;
  /** An agent of this instance runs, whether or not it answers. */
  protected abstract _alive(): Promise<boolean>;
  /** Resolves when no agent of this instance runs; an event, not a poll. */
  protected abstract _whenGone(call: Call): Promise<void>;
  /** A channel to it; need not be up yet. */
  protected abstract _channel(call: Call): Promise<Channel>;
  /** Called after `_launch` when commands wait on a channel whose carrier died: one that cannot come up by itself gets a new carrier here. */
  protected async _rejoin(_call: Call): Promise<void> {}
  /** The connection was lost, and closed, while nothing waited for an answer. The default takes it for the agent's end. */
  protected _idleDown(reason: string): void {
    this._moved('stopped', `the agent ended (${reason})`);
  }
  /** Ends the agent and everything it started, whatever state it is in. */
  protected abstract _kill(call: Call & { readonly graceMs: number }): Promise<void>;
  /** Whether it is certain that the agent lives and cannot hear: paused, stopped by a signal. It is then ended without being asked. */
  protected async _isHeldStill(_call: Call): Promise<boolean> {
    return false;
  }
  /** Takes the hold (idempotent). @throws {InstanceError} CCB_LOCKED */
  protected abstract _hold(call: Call): Promise<void>;
  /** Gives the hold back (idempotent). */
  protected abstract _release(): Promise<void>;

  /** For backends that are told what happens to the agent's place: what keeps it away from open commands may be over. */
  protected _hurry(): void {
    this.#link.hurry();
  }

  /** Answers and histories that are read from the agent at the moment. */
  protected get _following(): number {
    return this.#link.client?.following ?? 0;
  }

  protected override async _start(call: Call): Promise<void> {
    await this._hold(call);
    await (this.#direct?.start(call) ?? this.#link.reach(call));
  }

  /**
   * What opening does: hold, and connect to an agent that runs. One that does not answer leaves the instance `unreachable`,
   * one whose program does not start leaves it `failed`: there is something to clean up.
   */
  protected async _open(options: CallOptions): Promise<void> {
    const signal = options.signal ?? AbortSignal.timeout(options.timeoutMs ?? OPEN_MS);
    if (!this.#observing) await this._hold({ signal });
    if (this.#direct !== undefined || !(await this._alive())) return;
    try {
      if (this.#observing) {
        await this.#link.connect({ signal });
        this._moved('running', 'it was opened beside its holder');
      } else await this.start(options);
    } catch (error) {
      if (this.#link.isRefusal(error) && this.state === 'failed') return;
      if (!this.#isOutOfReach(error)) throw error;
      this._moved('unreachable', 'the agent does not answer', error);
    }
  }

  protected override async _stop(call: Call & { readonly graceMs: number }): Promise<void> {
    await this.#end(call);
  }

  protected override async _detach(_call: Call): Promise<void> {
    this.#link.end();
    await this.#link.close();
    await this._release();
  }

  /** Ends agent and program; a backend's `_cleanup` begins with it, then removes what is its own. */
  protected async _end(call: Call): Promise<void> {
    this.#link.end();
    await this.#end({ ...call, graceMs: 2_000 });
  }

  protected override _dispatch(answer: Answer): void {
    if (this.#direct === undefined) this.#feed(answer);
    else super._dispatch(answer);
  }

  protected override _resume(answer: Answer): void {
    if (this.#direct === undefined) this.#feed(answer);
    else super._resume(answer);
  }

  protected override async _cancel(answer: Answer, reason: 'cancelled' | 'timeout', call: Call): Promise<void> {
    if (this.#direct !== undefined) {
      await super._cancel(answer, reason, call);
      return;
    }
    const client = this.#link.client;
    answer.signal.addEventListener('abort', () => client?.forget(answer), { once: true });
    client?.cancel(answer.id, reason);
    // A living agent sees to the end by itself, by force if need be. One that does not answer is not waited for.
    await client?.ping({ signal: call.signal });
  }

  protected override async _interruptRunning({ signal }: Call): Promise<boolean> {
    if (this.#direct !== undefined) return await super._interruptRunning({ signal });
    return (await this.#link.client?.interrupt({ signal })) !== undefined;
  }

  protected override async _probe({ signal }: Call): Promise<boolean> {
    if (this.#direct !== undefined) return await this.#direct.probe({ signal });
    return (await this.#link.client?.ping({ signal }))?.program === 'running';
  }

  protected override async *_history(options: {
    readonly after?: Cursor | undefined;
    readonly follow: boolean;
    readonly signal?: AbortSignal | undefined;
  }): AsyncGenerator<HistoryEntry, void, void> {
    if (!this.#observing) await this.start({ signal: options.signal });
    if (this.#link.client !== undefined) yield* this.#link.client.history(options);
  }

  protected override async _info({ signal }: Call): Promise<Partial<InstanceInfo>> {
    const client = this.#link.client;
    if (client === undefined) return {};
    const pong = await client.ping({ signal });
    return {
      program: { name: client.hello.program, version: pong.programVersion, pid: pong.pid },
      agentVersion: client.hello.agentVersion,
      pingMs: pong.roundTripMs,
      ...(pong.running === undefined
        ? {}
        : {
            command: {
              id: pong.running,
              startedAt: pong.runningSince ?? new Date().toISOString(),
              waitingFor: pong.waitingFor,
            },
          }),
    };
  }

  protected override _run(command: Command): AsyncGenerator<string, RunEnd, void> {
    return this.#directly().run(command);
  }

  protected override async _interrupt(command: Command, call: Call): Promise<void> {
    await this.#directly().interrupt(command, call);
  }

  #directly(): DirectProgram {
    if (this.#direct !== undefined) return this.#direct;
    throw new InstanceError('CCB_NOT_SUPPORTED', 'commands of this instance run in its agent');
  }

  #isOutOfReach(error: unknown): error is InstanceError {
    if (InstanceError.is(error, 'CCB_AGENT_UNREACHABLE')) return !this.#observing;
    return InstanceError.is(error, 'CCB_AGENT_FROZEN') || InstanceError.is(error, 'CCB_TIMEOUT');
  }

  #feed(answer: Answer): void {
    const client = this.#link.client;
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

  async #end(call: Call & { readonly graceMs: number }): Promise<void> {
    if (this.#direct !== undefined) return await this.#direct.stop(call);
    if (this.#observing) return await this.#link.shutdown(call);
    await this.#link.shutdown(call, !(await this._isHeldStill(call)));
    await this._kill(call);
  }
}
