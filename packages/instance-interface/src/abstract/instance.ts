import type { OpenOptions } from '../backend.ts';
import type { CallOptions } from '../call.ts';
import type {
  CollectedResult,
  CollectOptions,
  CommandOptions,
  CommandStream,
  ResumeOptions,
  RunEnd,
} from '../command.ts';
import type { InstanceError } from '../error.ts';
import type { CommandUpdate, Cursor, HistoryEntry } from '../event.ts';
import type { CleanupOptions, HistoryOptions, InstanceInfo, InstanceInterface, StopOptions } from '../instance.ts';
import type { LogEntry } from '../log.ts';
import { type InstanceRecord, parseRecord } from '../record.ts';
import type { Capabilities, InstanceState, StateChange } from '../state.ts';
import type { Answer } from './answer/answer.ts';
import { failing } from './answer/failing.ts';
import { TurnStream } from './answer/stream.ts';
import type { Call, Command } from './call.ts';
import { capabilitiesOf } from './capabilities.ts';
import { Commands } from './commands/commands.ts';
import { closed, notSupported } from './commands/refusals.ts';
import type { Turn } from './commands/turn.ts';
import { Deadlines } from './lifecycle/deadlines.ts';
import { Health } from './lifecycle/health.ts';
import { Lifecycle } from './lifecycle/lifecycle.ts';
import { StateMachine } from './lifecycle/machine.ts';
import { bounded } from './lifecycle/wait.ts';
import {
  assertCallOptions,
  assertCleanupOptions,
  assertCommandId,
  assertCommandOptions,
  assertCommandText,
  assertHistoryOptions,
  assertListener,
  assertPermission,
  assertResumeOptions,
  graceMsOf,
  maxOutputBytesOf,
  maxQueueOf,
} from './options.ts';
import { Runner } from './run/runner.ts';

const interruptMs = 5_000;

/** What a backend says about itself when it makes an instance. */
export interface AbstractInstanceOptions extends OpenOptions {
  /** What is not named is false. */
  readonly capabilities: Partial<Capabilities>;
  /** This handle made the instance: `cleanup()` removes it, and so does leaving an `await using`. */
  readonly created: boolean;
  /** Commands that may wait for their turn, default 64. */
  readonly maxQueue?: number | undefined;
}

/**
 * Everything about an instance that is the same for all backends: states, queue, deadlines, events, validation. A backend
 * writes `_start`, `_stop`, `_run`, `_interrupt`, `_probe` and `_cleanup`; where it can, `_detach` and `_info`.
 *
 * Every call that it gets is bounded: its `signal` aborts at the deadline, and nobody waits for it afterwards.
 *
 * A backend whose commands live in a durable agent overrides the door instead of `_run`: `_dispatch`, `_cancel`,
 * `_resume`, `_history`, `_interruptRunning`. Without that, ids and events are remembered in memory while the handle
 * lives: 10,000 ids, 1 MiB of events.
 */
export abstract class AbstractInstance implements InstanceInterface {
  readonly #record: InstanceRecord;
  readonly #options: AbstractInstanceOptions;
  readonly #capabilities: Capabilities;
  readonly #deadlines = new Deadlines();
  readonly #machine: StateMachine;
  readonly #lifecycle: Lifecycle;
  readonly #commands: Commands;
  readonly #runner: Runner;
  readonly #health: Health;

  /**
   * @throws {TypeError} for options that make no sense
   * @throws {InstanceError} CCB_RECORD_INVALID
   */
  protected constructor(record: InstanceRecord, options: AbstractInstanceOptions) {
    assertPermission(options.permission);
    const maxQueue = maxQueueOf(options.maxQueue);
    this.#record = Object.freeze(parseRecord(record));
    this.#options = options;
    this.#capabilities = capabilitiesOf(options.capabilities);
    const { name } = this.#record;
    const deadlines = this.#deadlines;
    const warn = (event: string, fields: Readonly<Record<string, unknown>>): void => this._log('warn', event, fields);

    this.#machine = new StateMachine(name, (error) => warn('listener.failed', { error: String(error) }));
    this.#runner = new Runner({
      name,
      deadlines,
      canInterrupt: this.#capabilities.interrupt,
      run: (command) => this._run(command),
      interrupt: (command, call) => this._interrupt(command, call),
      warn,
    });
    this.#commands = new Commands({
      name,
      deadlines,
      maxQueue,
      permission: options.permission ?? 'deny',
      refuse: () => this.#lifecycle.refuse(),
      isReady: () => this.#machine.state === 'running' && !this.#lifecycle.closing,
      wake: () => this.#lifecycle.wake(),
      dispatch: (turn) => this._dispatch(turn),
      resume: (turn) => this._resume(turn),
      cancel: (turn, reason, signal) => this._cancel(turn, reason, { signal }),
      warn,
    });
    this.#lifecycle = new Lifecycle({
      name,
      deadlines,
      machine: this.#machine,
      observes: options.mode === 'observe',
      canDetach: this.#capabilities.detach,
      start: (call) => this._start(call),
      stop: (call) => this._stop(call),
      detach: (call) => this._detach(call),
      cleanup: (call) => this._cleanup(call),
      failAll: (error) => this.#commands.failAll(error),
      onRunning: () => this.#commands.pump(),
      idle: (signal) => this.#runner.idle(signal),
      warn,
    });
    this.#health = new Health({
      record: this.#record,
      deadlines,
      machine: this.#machine,
      commands: this.#commands,
      isClosing: () => this._closing,
      probe: (call) => this._probe(call),
      info: (call) => this._info(call),
    });
  }

  /** Makes the program ready for commands. May be called again after it failed, and after `_stop`. */
  protected abstract _start(call: Call): Promise<void>;

  /** Ends the program: politely, then after `graceMs` (ms) for certain. Nothing to do is no error. */
  protected abstract _stop(call: Call & { readonly graceMs: number }): Promise<void>;

  /**
   * Yields text or updates as they come, returns how it ended. Suspended while the reader is slow. `command.signal` aborts
   * after `_interrupt` had its grace: throw or return then. One at a time.
   *
   * What it throws is a failed result: an InstanceError with its code, anything else as `CCB_COMMAND_FAILED`. Only the
   * codes that say that the instance is out of reach (such as `CCB_BACKEND_UNREACHABLE`, `CCB_STOPPED`, `CCB_CLOSED`,
   * `CCB_AGENT_UNREACHABLE`, `CCB_PIPE`, `CCB_PROTOCOL`) fail the stream instead, and `result` rejects. After a cancel or a
   * time-out was asked for, the result is `cancelled` or `timeout`, whatever it returns or throws.
   */
  protected abstract _run(
    command: Command,
  ): AsyncGenerator<string | Exclude<CommandUpdate, { type: 'end' }>, RunEnd, void>;

  /** Asks the program to end the command; `_run` then sees its end. It has 10 s, then `command.signal` aborts. */
  protected abstract _interrupt(command: Command, call: Call): Promise<void>;

  /** A fresh look: do backend and program answer, and is the program neither stopped nor a zombie? */
  protected abstract _probe(call: Call): Promise<boolean>;

  /** Ends what is left of the instance and, with `remove`, deletes what is ours. The program was stopped before. */
  protected abstract _cleanup(call: Call & { readonly remove: boolean }): Promise<void>;

  /** Lets go of file descriptors, locks, timers; the instance goes on. Only where `capabilities.detach`. */
  protected async _detach(_call: Call): Promise<void> {}

  /** What the backend adds to `getInfo()`. */
  protected async _info(_call: Call): Promise<Partial<InstanceInfo>> {
    return {};
  }

  /**
   * Takes a command whose turn it is. It occupies the one slot until `end()` or `fail()`; the next one is dispatched in
   * the same tick. The default drives `_run`, and knows the ids that it has seen.
   */
  protected _dispatch(answer: Answer): void {
    this.#runner.dispatch(answer as Turn);
  }

  /**
   * Ends a dispatched or resumed answer's command; `answer.end()` says when it has ended. The default calls `_interrupt`
   * with 10 s of grace, then aborts `answer.signal`, and after 5 s more settles the result anyway. When this rejects, and
   * 60 s after the request at the latest, the result settles without the backend.
   */
  protected _cancel(answer: Answer, reason: 'cancelled' | 'timeout', _call: Call): Promise<void> {
    return this.#runner.cancel(answer, reason);
  }

  /** Continues or replays a command; not in the queue. The default replays from the memory of this handle. */
  protected _resume(answer: Answer): void {
    this.#runner.resume(answer);
  }

  /** What happened. The default has no journal. */
  protected _history(_options: {
    readonly after?: Cursor | undefined;
    readonly follow: boolean;
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterable<HistoryEntry> {
    return failing(notSupported(this.name, this.type, 'history'));
  }

  /** Ends what runs and sees its end; false when nothing ran. The default looks at this handle's command only. */
  protected async _interruptRunning(_call: Call): Promise<boolean> {
    const turn = this.#commands.running;
    if (turn === undefined) return false;
    this.#commands.cancel(turn, 'cancelled');
    await turn.result;
    return true;
  }

  /** The one in flight. */
  protected _running(): Answer | undefined {
    return this.#commands.running;
  }

  /**
   * The backend says: it died, went, came back. `stopped` and `failed` end every command with `error`; `unreachable` lets
   * the running one wait. While it is being started only `failed` counts, while it is being stopped nothing does: the
   * outcome of `_start` and `_stop` decides.
   */
  protected _moved(to: 'running' | 'unreachable' | 'stopped' | 'failed', reason: string, error?: InstanceError): void {
    this.#lifecycle.moved(to, reason, error);
  }

  /** To the log hook, with the instance's name. */
  protected _log(level: LogEntry['level'], event: string, fields: Readonly<Record<string, unknown>> = {}): void {
    try {
      this.#options.log?.({ ...fields, level, event, instance: this.name });
    } catch {
      // A log hook must not break what it watches.
    }
  }

  /** From the first moment of detach() or cleanup(). */
  protected get _closing(): boolean {
    return this.#lifecycle.closing;
  }

  get name(): string {
    return this.#record.name;
  }

  get type(): string {
    return this.#record.type;
  }

  get state(): InstanceState {
    return this.#machine.state;
  }

  get capabilities(): Capabilities {
    return this.#capabilities;
  }

  get record(): InstanceRecord {
    return this.#record;
  }

  async start(options: CallOptions = {}): Promise<void> {
    assertCallOptions(options);
    await this.#lifecycle.start(options);
  }

  async stop(options: StopOptions = {}): Promise<void> {
    await this.#lifecycle.stop(graceMsOf(options), options);
  }

  sendCommand(text: string, options: CommandOptions = {}): CommandStream {
    assertCommandText(text);
    assertCommandOptions(options);
    return this.#stream(this.#commands.send(text, options));
  }

  async sendCommandAndWait(text: string, options: CollectOptions = {}): Promise<CollectedResult> {
    assertCommandText(text);
    assertCommandOptions(options);
    const maxOutputBytes = maxOutputBytesOf(options);
    return this.#commands.send(text, options).collect(maxOutputBytes);
  }

  resumeCommand(id: string, options: ResumeOptions = {}): CommandStream {
    assertCommandId(id);
    assertResumeOptions(options);
    const refusal = this.#capabilities.resume ? undefined : notSupported(this.name, this.type, 'resume');
    return this.#stream(this.#commands.resume(id, options, refusal));
  }

  history(options: HistoryOptions = {}): AsyncIterable<HistoryEntry> {
    assertHistoryOptions(options);
    if (this._closing) return failing(closed(this.name));
    if (!this.#capabilities.history) return failing(notSupported(this.name, this.type, 'history'));
    return this._history({ after: options.after, follow: options.follow ?? false, signal: options.signal });
  }

  async interrupt(options: CallOptions = {}): Promise<boolean> {
    assertCallOptions(options);
    if (this._closing) throw closed(this.name);
    if (!this.#capabilities.interrupt) throw notSupported(this.name, this.type, 'interrupt');
    const { signal, timeoutMs = interruptMs } = options;
    const wait = { deadlines: this.#deadlines, instance: this.name, what: 'interrupt', timeoutMs, signal };
    return bounded(wait, (signal) => this._interruptRunning({ signal }));
  }

  async isRunning(options: CallOptions = {}): Promise<boolean> {
    assertCallOptions(options);
    return this.#health.isRunning(options);
  }

  async getInfo(options: CallOptions = {}): Promise<InstanceInfo> {
    assertCallOptions(options);
    return this.#health.info(options);
  }

  async detach(options: CallOptions = {}): Promise<void> {
    assertCallOptions(options);
    await this.#lifecycle.detach(options);
  }

  async cleanup(options: CleanupOptions = {}): Promise<void> {
    assertCleanupOptions(options);
    await this.#lifecycle.cleanup(options.remove ?? this.#options.created, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#lifecycle.ending !== undefined) await this.#lifecycle.ending;
    else if (this.#options.created) await this.cleanup();
    else if (this.#capabilities.detach || this.#options.mode === 'observe') await this.detach();
    else await this.cleanup({ remove: false });
  }

  onStateChange(listener: (change: StateChange) => void): () => void {
    assertListener(listener);
    return this.#machine.onChange(listener);
  }

  #stream(turn: Turn): CommandStream {
    return new TurnStream(turn, this.#requestCancel);
  }

  readonly #requestCancel = (turn: Turn): void => this.#commands.cancel(turn, 'cancelled');
}
