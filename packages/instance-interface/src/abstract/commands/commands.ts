import { randomUUID } from 'node:crypto';
import type { CommandOptions, ResumeOptions } from '../../command.ts';
import { InstanceError } from '../../error.ts';
import type { PermissionPolicy } from '../../permission.ts';
import type { Deadline, Deadlines } from '../lifecycle/deadlines.ts';
import { attempt } from '../lifecycle/wait.ts';
import { Queue } from './queue.ts';
import { aborted } from './refusals.ts';
import { askedFor, type CancelReason, cancelledResult } from './results.ts';
import { Turn } from './turn.ts';

/** However a backend cancels: after so long the result settles without it. */
const cancelBackstopMs = 60_000;

/** What the commands need of their instance. */
export interface CommandsHost {
  readonly name: string;
  readonly deadlines: Deadlines;
  readonly maxQueue: number;
  readonly permission: PermissionPolicy;
  /** Why no command may be taken now; undefined when one may. */
  refuse(): InstanceError | undefined;
  /** The instance runs. */
  isReady(): boolean;
  /** Starts the instance for what waits here. */
  wake(): void;
  dispatch(turn: Turn): void;
  resume(turn: Turn): void;
  cancel(turn: Turn, reason: CancelReason, signal: AbortSignal): Promise<void>;
  warn(event: string, fields: Readonly<Record<string, unknown>>): void;
}

/** What a turn holds until it settles. */
interface Leases {
  readonly deadline: Deadline | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: (() => void) | undefined;
}

/** The turns of this handle: one in flight, the others in line, the resumed ones beside them. */
export class Commands {
  readonly #host: CommandsHost;
  readonly #queue = new Queue<Turn>();
  /** Resumed ones that wait for the instance to run. */
  readonly #unresumed = new Queue<Turn>();
  readonly #resumed = new Set<Turn>();
  readonly #leases = new Map<Turn, Leases>();
  #running: Turn | undefined;
  #pumping = false;

  constructor(host: CommandsHost) {
    this.#host = host;
  }

  /** The one in flight. */
  get running(): Turn | undefined {
    return this.#running;
  }

  get queued(): number {
    return this.#queue.size;
  }

  send(text: string, options: CommandOptions): Turn {
    const turn = this.#turn(options.id ?? randomUUID(), text, options, options.stderr ?? 'separate');
    const refusal = this.#host.refuse() ?? this.#refuseWhenFull();
    if (refusal !== undefined) {
      turn.fail(refusal);
      return turn;
    }
    this.#queue.push(turn);
    this.#lease(turn, options, (reason) => this.cancel(turn, reason));
    this.pump();
    return turn;
  }

  /** @param notSupported fails it, unless the handle is refused anyway */
  resume(id: string, options: ResumeOptions, notSupported: InstanceError | undefined): Turn {
    const turn = this.#turn(id, '', options, 'separate', options);
    const refusal = this.#host.refuse() ?? notSupported;
    if (refusal !== undefined) {
      turn.fail(refusal);
      return turn;
    }
    this.#unresumed.push(turn);
    this.#lease(turn, options, (reason) => this.#letGo(turn, reason, options.signal?.reason));
    this.pump();
    return turn;
  }

  /** Gives the turn to whoever is next, once the instance runs; starts it where it does not. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#host.isReady()) {
      const turn = this.#unresumed.shift() ?? (this.#running === undefined ? this.#queue.shift() : undefined);
      if (turn === undefined) break;
      this.#begin(turn);
    }
    this.#pumping = false;
    const waiting = this.#unresumed.size > 0 || (this.#running === undefined && this.#queue.size > 0);
    if (waiting && !this.#host.isReady()) this.#host.wake();
  }

  cancel(turn: Turn, reason: CancelReason): void {
    if (turn.settled || turn.cancelRequested !== undefined) return;
    turn.requestCancel(reason);
    if (this.#queue.remove(turn)) {
      this.#endCancelled(turn, reason, 'it was still waiting for its turn');
      return;
    }
    // A resumed one that waits for the instance hands the request on when it gets there.
    if (turn.beganAt !== undefined) this.#requestCancel(turn, reason);
  }

  /** Ends every command with `error`: those in line, and those in flight or resumed. @returns those that were in flight */
  failAll(error: InstanceError): readonly Turn[] {
    const inFlight = [...this.#resumed, ...(this.#running === undefined ? [] : [this.#running])];
    for (const turn of [...this.#queue.clear(), ...this.#unresumed.clear(), ...inFlight]) turn.fail(error);
    return inFlight;
  }

  #turn(
    id: string,
    text: string,
    options: CommandOptions,
    stderr: 'separate' | 'merge',
    resumed?: ResumeOptions,
  ): Turn {
    return new Turn({
      id,
      text,
      stderr,
      timeoutMs: resumed === undefined ? options.timeoutMs : undefined,
      resumed: resumed !== undefined,
      after: resumed?.after,
      permission: options.permission ?? this.#host.permission,
      onSettled: this.#onSettled,
      onHandlerError: this.#onHandlerError,
    });
  }

  #refuseWhenFull(): InstanceError | undefined {
    // The first in line waits for the instance alone, not for another command.
    const waiting = this.#queue.size - (this.#running === undefined ? 1 : 0);
    const { name, maxQueue } = this.#host;
    if (waiting < maxQueue) return undefined;
    const message = `${name}: ${waiting} commands are waiting, and maxQueue is ${maxQueue}. Send it when one has ended.`;
    return new InstanceError('CCB_BUSY', message, { retryable: true, instance: name });
  }

  #lease(
    turn: Turn,
    { signal, timeoutMs }: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number | undefined },
    expire: (reason: CancelReason) => void,
  ): void {
    if (signal === undefined && timeoutMs === undefined) return;
    const onAbort = signal && ((): void => expire('cancelled'));
    if (onAbort) signal.addEventListener('abort', onAbort, { once: true });
    const deadline = timeoutMs === undefined ? undefined : this.#deadline(timeoutMs, () => expire('timeout'));
    this.#leases.set(turn, { deadline, signal, onAbort });
    if (signal?.aborted) expire('cancelled');
  }

  // A pending command keeps the process alive through its backend, not through its deadline.
  #deadline(ms: number, expire: () => void): Deadline {
    return this.#host.deadlines.add(ms, expire, false);
  }

  #begin(turn: Turn): void {
    turn.beganAt = performance.now();
    turn.beganDate = Date.now();
    if (turn.resumed) this.#resumed.add(turn);
    else this.#running = turn;
    const alreadyCancelled = turn.cancelRequested;
    try {
      if (turn.resumed) this.#host.resume(turn);
      else this.#host.dispatch(turn);
    } catch (error) {
      turn.fail(this.#asInstanceError(error));
    }
    if (alreadyCancelled !== undefined && !turn.settled) this.#requestCancel(turn, alreadyCancelled);
  }

  #requestCancel(turn: Turn, reason: CancelReason): void {
    const controller = new AbortController();
    const giveUp = (why: string): void => {
      this.#host.warn('command.cancel_unconfirmed', { commandId: turn.id, why });
      turn.abandon(aborted(this.#host.name, `command ${turn.id} is given up`));
      this.#endCancelled(turn, reason, why);
    };
    const backstop = this.#host.deadlines.add(
      cancelBackstopMs,
      () => {
        controller.abort();
        giveUp(`the program did not confirm it within ${cancelBackstopMs} ms`);
      },
      true,
    );
    const release = (): void => this.#host.deadlines.remove(backstop);
    turn.result.then(release, release);
    attempt(() => this.#host.cancel(turn, reason, controller.signal)).catch((error: unknown) =>
      giveUp(`cancelling it failed: ${error instanceof Error ? error.message : String(error)}`),
    );
  }

  #endCancelled(turn: Turn, reason: CancelReason, why: string): void {
    const durationMs = turn.beganAt === undefined ? 0 : Math.round(performance.now() - turn.beganAt);
    const result = cancelledResult(
      reason,
      { id: turn.id, durationMs, outputBytes: 0 },
      `The command ${askedFor(reason)}; ${why}.`,
    );
    // No position of its own: resuming after it gives what follows the last event, and seq 0 acknowledges nothing.
    turn.end(result, { cursor: turn.buffer.latest ?? turn.after ?? 'local.0', at: new Date().toISOString(), seq: 0 });
  }

  /** Ends this caller's part in a resumed command; the command goes on. */
  #letGo(turn: Turn, reason: CancelReason, cause: unknown): void {
    const { name } = this.#host;
    const message = `${name}: command ${turn.id} goes on; only this wait for it is over.`;
    const error =
      reason === 'timeout'
        ? new InstanceError('CCB_TIMEOUT', message, { retryable: true, instance: name })
        : aborted(name, `command ${turn.id} goes on; this wait for it was aborted`, cause);
    this.#unresumed.remove(turn);
    turn.abandon(error);
    turn.fail(error);
  }

  #asInstanceError(error: unknown): InstanceError {
    if (InstanceError.is(error)) return error;
    const { name } = this.#host;
    const message = `${name}: the backend could not take the command: ${error instanceof Error ? error.message : String(error)}`;
    return new InstanceError('CCB_PROTOCOL', message, { cause: error, instance: name });
  }

  readonly #onHandlerError = (error: unknown): void => {
    this.#host.warn('permission.handler_failed', { error: error instanceof Error ? error.message : String(error) });
  };

  readonly #onSettled = (turn: Turn): void => {
    const leases = this.#leases.get(turn);
    if (leases !== undefined) {
      this.#leases.delete(turn);
      this.#host.deadlines.remove(leases.deadline);
      if (leases.onAbort) leases.signal?.removeEventListener('abort', leases.onAbort);
    }
    this.#resumed.delete(turn);
    if (this.#running !== turn) return;
    this.#running = undefined;
    this.pump();
  };
}
