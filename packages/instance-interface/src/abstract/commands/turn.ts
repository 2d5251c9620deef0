import type { CollectedResult, CommandResult } from '../../command.ts';
import type { InstanceError } from '../../error.ts';
import type { CommandEvent, Cursor } from '../../event.ts';
import type { PermissionPolicy, PermissionRequest } from '../../permission.ts';
import type { Answer, AnswerPosition } from '../answer/answer.ts';
import { EventBuffer } from '../answer/buffer.ts';
import { Collector } from '../answer/collector.ts';
import { decide, type PermissionDecision } from './permission.ts';
import type { CancelReason } from './results.ts';

export interface TurnInit {
  readonly id: string;
  readonly text: string;
  readonly stderr: 'separate' | 'merge';
  /** ms from now; absent for a resumed one, whose deadline is the caller's wait. */
  readonly timeoutMs?: number | undefined;
  readonly resumed: boolean;
  readonly after: Cursor | undefined;
  readonly permission: PermissionPolicy;
  readonly onSettled: (turn: Turn) => void;
  readonly onHandlerError: (error: unknown) => void;
}

interface Settlement {
  resolve(result: CommandResult): void;
  reject(error: InstanceError): void;
}

/** One command of this handle, from the call to the last event that its reader takes. */
export class Turn implements Answer {
  readonly id: string;
  readonly text: string;
  readonly stderr: 'separate' | 'merge';
  readonly resumed: boolean;
  readonly after: Cursor | undefined;
  readonly buffer: EventBuffer;
  readonly #init: TurnInit;
  readonly #deadlineAt: number | undefined;
  /** When it got its turn, on the clock of `performance.now()` and on that of `Date.now()`. */
  beganAt: number | undefined;
  beganDate = 0;
  #outcome: CommandResult | InstanceError | undefined;
  #failed = false;
  #result: Promise<CommandResult> | undefined;
  #settlement: Settlement | undefined;
  #controller: AbortController | undefined;
  #abandonedFor: unknown;
  #open: AbortController | undefined;
  #asking = 0;
  #cancelRequested: CancelReason | undefined;

  constructor(init: TurnInit) {
    this.#init = init;
    this.#deadlineAt = init.timeoutMs === undefined ? undefined : performance.now() + init.timeoutMs;
    this.id = init.id;
    this.text = init.text;
    this.stderr = init.stderr;
    this.resumed = init.resumed;
    this.after = init.after;
    this.buffer = new EventBuffer(init.id, init.stderr === 'merge');
  }

  get remainingMs(): number | undefined {
    return this.#deadlineAt === undefined ? undefined : Math.max(1, Math.ceil(this.#deadlineAt - performance.now()));
  }

  get cancelRequested(): CancelReason | undefined {
    return this.#cancelRequested;
  }

  /** From now on a slow reader holds nothing back. */
  requestCancel(reason: CancelReason): void {
    this.#cancelRequested = reason;
    this.buffer.waitNoMore();
  }

  get settled(): boolean {
    return this.#outcome !== undefined;
  }

  /** A permission handler is being waited for. */
  get asking(): boolean {
    return this.#asking > 0;
  }

  get full(): boolean {
    return this.buffer.full;
  }

  get onDrain(): (() => void) | undefined {
    return this.buffer.onDrain;
  }

  set onDrain(listener: (() => void) | undefined) {
    this.buffer.onDrain = listener;
  }

  get onTaken(): ((seq: number) => void) | undefined {
    return this.buffer.onTaken;
  }

  set onTaken(listener: ((seq: number) => void) | undefined) {
    this.buffer.onTaken = listener;
  }

  /** Made when somebody looks: most commands end without. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abandonedFor !== undefined) this.#controller.abort(this.#abandonedFor);
    }
    return this.#controller.signal;
  }

  get result(): Promise<CommandResult> {
    if (this.#result !== undefined) return this.#result;
    this.#result = new Promise((resolve, reject) => {
      this.#settlement = { resolve, reject };
    });
    this.#result.catch(() => {});
    this.#settle();
    return this.#result;
  }

  push(event: CommandEvent, seq: number): void {
    this.buffer.push(event, seq);
  }

  end(result: CommandResult, { cursor, at, seq }: AnswerPosition): void {
    if (this.settled) return;
    this.#outcome = result;
    // Resumed after its end: that event was processed. An end of our own making (seq 0) was not.
    if (seq === 0 || cursor !== this.after) this.buffer.push({ cursor, at, type: 'end', result }, seq);
    this.buffer.close();
    this.#release();
  }

  fail(error: InstanceError): void {
    if (this.settled) return;
    this.#outcome = error;
    this.#failed = true;
    this.buffer.close(error);
    this.#release();
  }

  /** Aborts `signal`: the backend must give up on it. */
  abandon(reason: InstanceError): void {
    if (this.#abandonedFor !== undefined) return;
    this.#abandonedFor = reason;
    this.#controller?.abort(reason);
  }

  get permission(): 'deny' | 'allow' | 'ask' {
    const { permission } = this.#init;
    return typeof permission === 'function' ? 'ask' : permission;
  }

  async ask(request: PermissionRequest): Promise<PermissionDecision> {
    this.#open ??= new AbortController();
    if (this.settled) this.#open.abort();
    const { permission, onHandlerError } = this.#init;
    this.#asking++;
    const decision = await decide(permission, {
      request,
      commandId: this.id,
      signal: this.#open.signal,
      onHandlerError,
    });
    this.#asking--;
    return decision;
  }

  /** Reads the whole text. @throws {TypeError} when there was a reader already */
  async collect(maxBytes: number): Promise<CollectedResult> {
    const collector = new Collector(maxBytes);
    this.buffer.drainInto((text) => collector.add(text));
    const result = await this.result;
    return { ...result, output: collector.toString(), truncated: collector.truncated };
  }

  #release(): void {
    this.#open?.abort();
    this.#settle();
    this.#init.onSettled(this);
  }

  #settle(): void {
    if (this.#settlement === undefined || this.#outcome === undefined) return;
    if (this.#failed) this.#settlement.reject(this.#outcome as InstanceError);
    else this.#settlement.resolve(this.#outcome as CommandResult);
  }
}
