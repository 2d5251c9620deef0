import type { CommandError, CommandResult, ResultBase, RunEnd } from '../../command.ts';
import { InstanceError } from '../../error.ts';

/** What the instance measured of a run. */
export interface Measured {
  readonly id: string;
  readonly durationMs: number;
  readonly outputBytes: number;
}

export type CancelReason = 'cancelled' | 'timeout';

/** The result of a run that ended by itself. `stderrTail` goes into the message of a failure that has none. */
export function resultOf(end: RunEnd, measured: Measured, stderrTail: string): CommandResult {
  const base = baseOf(end, measured);
  if (end.success) return { ...base, success: true, status: 'completed' };
  return { ...base, success: false, status: 'failed', error: end.error ?? failureOf(end, stderrTail) };
}

/** The result of a run that was to be cancelled before its end was seen. `end`: what the program said after all. */
export function cancelledResult(
  reason: CancelReason,
  measured: Measured,
  message: string,
  end?: RunEnd | undefined,
): CommandResult {
  const completedBy = reason === 'timeout' ? 'deadline' : 'cancel';
  const base = baseOf({ ...end, success: false, completedBy, inferred: false }, measured);
  const code = reason === 'timeout' ? 'CCB_TIMEOUT' : 'CCB_CANCELLED';
  return { ...base, success: false, status: reason, error: { code, message, retryable: false } };
}

/** For messages: `The command was cancelled`. */
export function askedFor(reason: CancelReason): string {
  return reason === 'timeout' ? 'reached its deadline' : 'was cancelled';
}

/** The result of a run that broke instead of ending. */
export function brokenResult(error: CommandError, measured: Measured): CommandResult {
  const base: ResultBase = { ...measured, completedBy: 'program', inferred: false };
  return { ...base, success: false, status: 'failed', error };
}

/** As data: an InstanceError with its code, anything else as CCB_COMMAND_FAILED. */
export function commandErrorOf(error: unknown): CommandError {
  const message = error instanceof Error ? error.message : String(error);
  if (!InstanceError.is(error)) return { code: 'CCB_COMMAND_FAILED', message, retryable: false };
  return { code: error.code, message, retryable: error.retryable };
}

// Absent rather than undefined: results are compared and serialised as plain JSON.
function baseOf(end: RunEnd, measured: Measured): ResultBase {
  return {
    ...measured,
    ...(end.exitCode !== undefined && { exitCode: end.exitCode }),
    ...(end.stopReason !== undefined && { stopReason: end.stopReason }),
    ...(end.usage !== undefined && { usage: end.usage }),
    completedBy: end.completedBy,
    inferred: end.inferred ?? false,
  };
}

function failureOf(end: RunEnd, stderrTail: string): CommandError {
  let message = 'the program reported a failure';
  if (end.exitCode !== undefined) message = `exit status ${end.exitCode}`;
  else if (end.stopReason !== undefined) message = `the program stopped: ${end.stopReason}`;
  const tail = stderrTail.trim();
  return { code: 'CCB_COMMAND_FAILED', message: tail === '' ? message : `${message}: ${tail}`, retryable: false };
}
