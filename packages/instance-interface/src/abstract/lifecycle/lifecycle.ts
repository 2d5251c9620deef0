import type { CallOptions } from '../../call.ts';
import { InstanceError, type InstanceErrorCode } from '../../error.ts';
import type { InstanceState } from '../../state.ts';
import { aborted, closed, locked, stopped } from '../commands/refusals.ts';
import type { Turn } from '../commands/turn.ts';
import type { LifecycleHost } from './lifecycle-host.ts';
import { attempt, bounded, prepare, settled, untilAborted } from './wait.ts';

const startMs = 60_000;
const stopMs = 10_000;
const otherMs = 5_000;
/** The grace of a stop that cleanup() makes. */
const cleanupGraceMs = 5_000;
/** How long what was abandoned may take to unwind. */
const unwindMs = 5_000;

interface Starting {
  readonly controller: AbortController;
  readonly promise: Promise<void>;
  waiters: number;
}

/** Starting and ending: each shared by its callers, idempotent, and bounded. */
export class Lifecycle {
  readonly #host: LifecycleHost;
  #starting: Starting | undefined;
  /** The backend's own start; it may go on for a while after it was given up. */
  #backendStart: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  #ending: { readonly by: 'detach' | 'cleanup'; readonly promise: Promise<void> } | undefined;

  constructor(host: LifecycleHost) {
    this.#host = host;
  }

  /** Closed, or about to be. */
  get closing(): boolean {
    return this.#ending !== undefined;
  }

  /** The promise of the detach() or cleanup() that was called. */
  get ending(): Promise<void> | undefined {
    return this.#ending?.promise;
  }

  /** Why no command may be taken now. */
  refuse(): InstanceError | undefined {
    if (this.closing) return closed(this.#host.name);
    if (this.#host.observes) return locked(this.#host.name, 'takes commands from its holder only');
    if (this.#state !== 'stopping' || this.#starting !== undefined) return undefined;
    return this.#error('CCB_STOPPED', 'it is being stopped. Send the command again when it has stopped.', true);
  }

  start(options: CallOptions): Promise<void> {
    if (this.closing) return Promise.reject(closed(this.#host.name));
    if (this.#host.observes) return Promise.reject(locked(this.#host.name, 'is started by its holder only'));
    if (this.#state === 'running') return Promise.resolve();
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    const starting = this.#starting ?? this.#beginStart();
    starting.waiters++;
    const leave = (reason: unknown): void => {
      starting.waiters--;
      if (starting.waiters > 0 || this.#starting !== starting) return;
      const error = InstanceError.is(reason)
        ? reason
        : aborted(this.#host.name, 'the last who waited for the start has left', reason);
      starting.controller.abort(error);
    };
    const waited = this.#bounded('start', options.timeoutMs ?? startMs, () => starting.promise, options.signal);
    waited.catch(leave);
    return waited;
  }

  /** Starts it for commands that wait; if that fails they are failed by it. */
  wake(): void {
    if (this.#starting === undefined && ['stopped', 'failed', 'unreachable'].includes(this.#state)) {
      this.start({}).catch(() => {});
    }
  }

  stop(graceMs: number, options: CallOptions): Promise<void> {
    if (this.closing) return Promise.reject(closed(this.#host.name));
    // A start that waits for the end of this very stop would undo the later call.
    if (this.#state === 'stopping') this.#starting?.controller.abort(stopped(this.#host.name));
    else if (this.#state === 'stopped') return Promise.resolve();
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    const standardMs = stopMs + graceMs;
    const timeoutMs = options.timeoutMs ?? standardMs;
    const stopping = this.#stopping ?? this.#beginStop(graceMs, Math.max(standardMs, timeoutMs));
    return this.#bounded('stop', timeoutMs, () => stopping, options.signal);
  }

  detach(options: CallOptions): Promise<void> {
    const { observes, canDetach } = this.#host;
    const timeoutMs = options.timeoutMs ?? otherMs;
    if (this.#ending === undefined) {
      if (!canDetach && !observes) {
        return Promise.reject(
          this.#error('CCB_NOT_SUPPORTED', 'it cannot live on without this handle. cleanup() ends it.'),
        );
      }
      if (options.signal?.aborted) return Promise.reject(options.signal.reason);
      const { promise, begin } = prepare(() => this.#detachOnce(Math.max(otherMs, timeoutMs)));
      this.#ending = { by: 'detach', promise };
      begin();
    }
    const { promise } = this.#ending;
    return this.#bounded('detach', timeoutMs, () => promise, options.signal);
  }

  cleanup(remove: boolean, options: CallOptions): Promise<void> {
    if (this.#ending?.by === 'detach') return Promise.reject(closed(this.#host.name));
    const live = this.#state !== 'stopped' && this.#state !== 'closed';
    const timeoutMs = options.timeoutMs ?? otherMs + (live ? stopMs + cleanupGraceMs : 0);
    if (this.#ending === undefined) {
      if (this.#host.observes) return Promise.reject(locked(this.#host.name, 'is cleaned up by its holder only'));
      if (options.signal?.aborted) return Promise.reject(options.signal.reason);
      const { promise, begin } = prepare(() => this.#cleanupOnce(remove, Math.max(otherMs, options.timeoutMs ?? 0)));
      this.#ending = { by: 'cleanup', promise };
      begin();
    }
    const { promise } = this.#ending;
    return this.#bounded('cleanup', timeoutMs, () => promise, options.signal);
  }

  /** The backend says that it moved by itself. What it says while it is being started or stopped is part of that. */
  moved(to: 'running' | 'unreachable' | 'stopped' | 'failed', reason: string, error: InstanceError | undefined): void {
    const state = this.#state;
    if (state === to || state === 'closed' || state === 'stopping' || (state === 'starting' && to !== 'failed')) return;
    this.#host.machine.to(to, reason, error);
    if (to === 'running') this.#host.onRunning();
    if (to === 'running' || to === 'unreachable') return;
    const cause =
      error ?? (to === 'stopped' ? stopped(this.#host.name) : this.#error('CCB_BACKEND_UNREACHABLE', reason, true));
    this.#starting?.controller.abort(cause);
    this.#abandon(this.#host.failAll(cause), cause);
  }

  get #state(): InstanceState {
    return this.#host.machine.state;
  }

  #beginStart(): Starting {
    const controller = new AbortController();
    const { promise, begin } = prepare(() => this.#startOnce(controller.signal));
    const starting: Starting = { controller, promise, waiters: 0 };
    this.#starting = starting;
    begin();
    return starting;
  }

  async #startOnce(signal: AbortSignal): Promise<void> {
    const { machine } = this.#host;
    try {
      if (this.#stopping !== undefined) await untilAborted(settled(this.#stopping), signal);
      machine.to('starting', 'start() was called, or a command waits');
      this.#backendStart = attempt(() => this.#host.start({ signal }));
      await untilAborted(this.#backendStart, signal);
      signal.throwIfAborted();
    } catch (error) {
      this.#starting = undefined;
      const failure = this.#translated(error, 'it could not be started');
      if (this.#state === 'starting' && !this.closing) {
        machine.to('failed', failure.message, failure);
        this.#abandon(this.#host.failAll(failure), failure);
      }
      throw failure;
    }
    this.#starting = undefined;
    machine.to('running', 'it was started');
    this.#host.onRunning();
  }

  #beginStop(graceMs: number, timeoutMs: number): Promise<void> {
    const { promise, begin } = prepare(() => this.#stopOnce(graceMs, timeoutMs));
    this.#stopping = promise;
    begin();
    return promise;
  }

  async #stopOnce(graceMs: number, timeoutMs: number): Promise<void> {
    const { machine } = this.#host;
    const error = stopped(this.#host.name);
    machine.to('stopping', 'stop() was called');
    const inFlight = this.#breakOff(error);
    let failure: InstanceError | undefined;
    try {
      await this.#backendStartIsOver();
      await this.#bounded('stop', timeoutMs, (signal) => this.#host.stop({ signal, graceMs }));
    } catch (cause) {
      failure = this.#translated(cause, 'it could not be stopped');
    }
    await this.#unwind(inFlight, error);
    this.#stopping = undefined;
    if (this.#state === 'stopping')
      machine.to(failure ? 'failed' : 'stopped', failure?.message ?? 'it was stopped', failure);
    if (failure !== undefined) throw failure;
  }

  async #detachOnce(timeoutMs: number): Promise<void> {
    const error = closed(this.#host.name);
    const inFlight = this.#breakOff(error);
    let failure: InstanceError | undefined;
    try {
      await this.#backendStartIsOver();
      await this.#unwind(inFlight, error);
      await this.#bounded('detach', timeoutMs, (signal) => this.#host.detach({ signal }));
    } catch (cause) {
      failure = this.#translated(cause, 'it could not be let go');
    }
    this.#host.machine.to('closed', 'this handle was detached', failure);
    if (failure !== undefined) throw failure;
  }

  async #cleanupOnce(remove: boolean, timeoutMs: number): Promise<void> {
    const { machine } = this.#host;
    const error = closed(this.#host.name);
    const inFlight = this.#breakOff(error);
    try {
      await this.#stopForCleanup();
      await this.#unwind(inFlight, error);
      await this.#bounded('cleanup', timeoutMs, (signal) => this.#host.cleanup({ signal, remove }));
    } catch (cause) {
      const failure = this.#translated(cause, 'it could not be cleaned up');
      this.#ending = undefined;
      if (this.#state !== 'failed') machine.to('failed', failure.message, failure);
      throw failure;
    }
    machine.to('closed', 'it was cleaned up');
  }

  /** A stop that fails does not keep the clean-up from trying. */
  async #stopForCleanup(): Promise<void> {
    if (this.#stopping !== undefined) await settled(this.#stopping);
    if (this.#state === 'stopped') return;
    this.#host.machine.to('stopping', 'cleanup() was called');
    await this.#backendStartIsOver();
    try {
      await this.#bounded('stop', stopMs + cleanupGraceMs, (signal) =>
        this.#host.stop({ signal, graceMs: cleanupGraceMs }),
      );
    } catch (error) {
      this.#host.warn('instance.stop_failed', { error: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Nothing begins any more, and nobody waits any longer. @returns the commands that were in flight */
  #breakOff(error: InstanceError): readonly Turn[] {
    this.#starting?.controller.abort(error);
    return this.#host.failAll(error);
  }

  #abandon(turns: readonly Turn[], error: InstanceError): void {
    for (const turn of turns) turn.abandon(error);
  }

  async #unwind(turns: readonly Turn[], error: InstanceError): Promise<void> {
    this.#abandon(turns, error);
    await this.#bounded('unwinding', unwindMs, (signal) => this.#host.idle(signal)).catch(() => {});
  }

  async #backendStartIsOver(): Promise<void> {
    await this.#bounded('unwinding', unwindMs, () => settled(this.#backendStart)).catch(() => {});
  }

  #bounded<T>(
    what: string,
    timeoutMs: number,
    work: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal | undefined,
  ): Promise<T> {
    const { deadlines, name } = this.#host;
    return bounded({ deadlines, instance: name, what, timeoutMs, signal }, work);
  }

  #translated(error: unknown, what: string): InstanceError {
    if (InstanceError.is(error)) return error;
    const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    return this.#error('CCB_BACKEND_UNREACHABLE', message, true, error);
  }

  #error(code: InstanceErrorCode, message: string, retryable = false, cause?: unknown): InstanceError {
    const { name } = this.#host;
    return new InstanceError(code, `${name}: ${message}`, { instance: name, retryable, cause });
  }
}
