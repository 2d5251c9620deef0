import type { CommandResult } from '../../command.ts';
import type { InstanceError } from '../../error.ts';
import type { CommandEvent, Cursor } from '../../event.ts';
import type { PermissionRequest } from '../../permission.ts';
import type { PermissionDecision } from '../commands/permission.ts';

/** Where an answer's end stands in the journal. */
export interface AnswerPosition {
  readonly cursor: Cursor;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly seq: number;
}

/** One answer on its way to its reader: what a backend feeds. */
export interface Answer {
  readonly id: string;
  /** `''` for a resumed one. */
  readonly text: string;
  readonly stderr: 'separate' | 'merge';
  /** ms until the command's deadline, for a backend that can hold it by itself when its host dies. */
  readonly remainingMs: number | undefined;
  /**
   * What `ask` would do, for a backend whose program can be answered while no host is there: `'ask'` is a handler, the
   * others are answered without one.
   */
  readonly permission: 'deny' | 'allow' | 'ask';
  readonly resumed: boolean;
  /** The position that `resumeCommand` was given. */
  readonly after: Cursor | undefined;
  /** Aborts when the backend must give up on it: a cancel that escalates, detach, cleanup, failed, after a stop. */
  readonly signal: AbortSignal;
  /** Set once cancel or timeout was asked for, and which. */
  readonly cancelRequested: 'cancelled' | 'timeout' | undefined;
  readonly settled: boolean;
  /**
   * A stamped event, in order. `seq` (1 or more, growing) orders events for `onTaken`. Never blocks; look at `full`. More than 16 MiB ahead of
   * a reader is dropped, and that reader gets `CCB_JOURNAL_GAP`. Nothing happens once the answer has settled.
   */
  push(event: CommandEvent, seq: number): void;
  /**
   * The result as the backend knows it. Readers of `events()` get an `end` event with `cursor` and `at`. The first call of
   * `end` or `fail` wins. The next command is dispatched before it returns.
   */
  end(result: CommandResult, position: AnswerPosition): void;
  /** The instance failed the command: the reader gets what came so far, then this error, and `result` rejects with it. */
  fail(error: InstanceError): void;
  /**
   * The reader is behind by more than 1 MiB: stop feeding soon; `onDrain` fires below a quarter, and when the reader leaves
   * or the answer settles. Without a reader output past 1 MiB is dropped and this is never true.
   */
  readonly full: boolean;
  /** Set by the backend. */
  onDrain: (() => void) | undefined;
  /**
   * Set by the backend: called synchronously, with ever greater numbers, when the reader took (or nobody will ever take)
   * everything up to `seq`. With no reader at all that is at the end.
   */
  onTaken: ((seq: number) => void) | undefined;
  /**
   * Asks the policy: the command's, else the instance's, else `'deny'`. `'deny'` picks the `reject_once` option kind,
   * `'allow'` `allow_once`. A handler that throws is a denial; one that outlives the command, or this answer, is
   * `'cancelled'`: look at `settled` before you pass that on. Never rejects.
   */
  ask(request: PermissionRequest): Promise<PermissionDecision>;
}
