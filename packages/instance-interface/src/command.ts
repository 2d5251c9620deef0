import type { CallOptions } from './call.ts';
import type { CommandEvent, Cursor } from './event.ts';
import type { PermissionPolicy } from './permission.ts';

/**
 * Unlike in other calls, `signal` and `timeoutMs` end the COMMAND, queued or running: its status is `cancelled` or
 * `timeout`, in the program too. The clock starts at the call. There is no default deadline: a turn may last an hour;
 * a stall is a `status` event.
 */
export interface CommandOptions extends CallOptions {
  /**
   * Idempotency key, 1 to 256 characters without control characters; default a UUID. Seen before with the same text:
   * replayed, not run. With another text: `CCB_ID_CONFLICT`.
   */
  readonly id?: string | undefined;
  /** Wins over the instance's policy. */
  readonly permission?: PermissionPolicy | undefined;
  /** Default `'separate'`: the text is stdout, stderr is in `events()`. `'merge'`: both in the text, in exact order. */
  readonly stderr?: 'separate' | 'merge' | undefined;
}

/** For {@link InstanceInterface.sendCommandAndWait}. */
export interface CollectOptions extends CommandOptions {
  /** UTF-8 bytes of `output` at most, default 16 MiB; the rest is dropped and `truncated` says so. */
  readonly maxOutputBytes?: number | undefined;
}

/** For {@link InstanceInterface.resumeCommand}: `signal` and `timeoutMs` end the stream, not the command. */
export interface ResumeOptions extends CallOptions {
  /** The cursor of the last event that was processed; absent: all of them. */
  readonly after?: Cursor | undefined;
  readonly permission?: PermissionPolicy | undefined;
}

/**
 * One answer. It has ONE reader: `text()` or `events()` or `for await`; a second one is a `TypeError`. Leaving the loop
 * cancels the command, unless `cancelOnReturn: false`.
 *
 * A slow reader holds the program's output back. Without a reader output past 1 MiB is dropped (it stays in
 * `history()`), so `result` always settles; who reads such an answer late gets what was kept and then
 * `CCB_JOURNAL_GAP`.
 */
export interface CommandStream extends AsyncIterable<string>, AsyncDisposable {
  readonly id: string;
  /** Position of the last event given to the reader: what `resumeCommand(id, { after })` wants. */
  readonly cursor: Cursor | undefined;
  /** How the command ended. Rejects only with InstanceError; never an unhandled rejection. The reader throws the same error. */
  readonly result: Promise<CommandResult>;
  /** The program's text as it comes: one string for each text event. */
  text(options?: ReadOptions): AsyncIterable<string>;
  /** Everything that happens; the last one is `end`. */
  events(options?: ReadOptions): AsyncIterable<CommandEvent>;
  /**
   * Ends the command as `cancelled`, in the program too. The program has 10 s, then it is abandoned. It always resolves;
   * where the instance broke meanwhile, with a failed result of that code.
   */
  cancel(): Promise<CommandResult>;
  /** `cancel()`, unless it has ended. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ReadOptions {
  /** `false`: leaving the loop leaves the command alone. */
  readonly cancelOnReturn?: boolean | undefined;
  /** Ends the reading alone; the reader throws `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

export type CommandStatus = 'completed' | 'failed' | 'timeout' | 'cancelled';

/** The Agent Client Protocol's. */
export type StopReason = 'end_turn' | 'max_tokens' | 'max_turn_requests' | 'refusal' | 'cancelled';

export interface Usage {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cachedTokens?: number | undefined;
  readonly costUsd?: number | undefined;
}

/** Why a command failed. `code` is stable: `CCB_COMMAND_FAILED`, `CCB_CANCELLED`, `CCB_TIMEOUT`, `CCB_STALLED`, `CCB_PROGRAM_EXITED` … */
export interface CommandError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

/** What ended a command. */
export type CompletedBy =
  | 'program'
  | 'exit'
  | 'osc133'
  | 'claude-hooks'
  | 'promptRegex'
  | 'quiescence'
  | 'deadline'
  | 'cancel'
  | (string & {});

/** What every result says. */
export interface ResultBase {
  readonly id: string;
  /** Milliseconds that it ran; 0 for a command that never began. */
  readonly durationMs: number;
  /** Bytes of the text (stdout; both streams when merged): as UTF-8, or the true count where they were not UTF-8. */
  readonly outputBytes: number;
  readonly exitCode?: number | undefined;
  readonly stopReason?: StopReason | undefined;
  readonly usage?: Usage | undefined;
  readonly completedBy: CompletedBy;
  /** true: a guess (prompt regex, quiescence); `success` is then no proof. */
  readonly inferred: boolean;
}

export type CommandResult = ResultBase &
  (
    | { readonly success: true; readonly status: 'completed'; readonly error?: undefined }
    | { readonly success: false; readonly status: 'failed' | 'timeout' | 'cancelled'; readonly error: CommandError }
  );

/** A result with its text. */
export type CollectedResult = CommandResult & { readonly output: string; readonly truncated: boolean };

/** How a run ended, as the program's driver tells it. */
export type RunEnd = {
  /** true only when the program itself said so, unless `inferred`. */
  readonly success: boolean;
  readonly completedBy: string;
  /** Default false. */
  readonly inferred?: boolean | undefined;
  readonly exitCode?: number | undefined;
  readonly stopReason?: StopReason | undefined;
  readonly usage?: Usage | undefined;
  /** Without one a failure is `CCB_COMMAND_FAILED`, with the exit status in its message. */
  readonly error?: CommandError | undefined;
};
