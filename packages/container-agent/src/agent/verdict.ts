import type { CommandResult, StallCause } from '@ccb/instance-interface';
import type { CancelReason } from '../protocol/frames.ts';

/** Why a turn ends otherwise than the program says. */
export interface Verdict {
  readonly status: 'failed' | 'cancelled' | 'timeout';
  readonly code: string;
  readonly message: string;
  readonly completedBy: string;
  readonly retryable: boolean;
}

export function cancelVerdict(reason: CancelReason): Verdict {
  return reason === 'timeout'
    ? {
        status: 'timeout',
        code: 'CCB_TIMEOUT',
        message: 'the command was ended at its deadline',
        completedBy: 'deadline',
        retryable: false,
      }
    : {
        status: 'cancelled',
        code: 'CCB_CANCELLED',
        message: 'the command was cancelled',
        completedBy: 'cancel',
        retryable: false,
      };
}

export const stoppedVerdict: Verdict = {
  status: 'failed',
  code: 'CCB_STOPPED',
  message: 'the instance was stopped while the command ran',
  completedBy: 'cancel',
  retryable: true,
};

export function stalledVerdict(cause: StallCause, evidence: string, silence: string): Verdict {
  return {
    status: 'failed',
    code: 'CCB_STALLED',
    message: `the command was ended after ${silence} of silence (${cause}): ${evidence}`,
    completedBy: 'deadline',
    retryable: true,
  };
}

export const diskFullVerdict: Verdict = {
  status: 'failed',
  code: 'CCB_DISK_FULL',
  message:
    'no room for the answer on the disk of the journal; the command was interrupted. Make room and send it again under a new id',
  completedBy: 'cancel',
  retryable: true,
};

/** The same end, but for a disk that had no room for all of the answer. */
export function diskFullResult(result: CommandResult): CommandResult {
  const { status, code, message, retryable, completedBy } = diskFullVerdict;
  const { id, durationMs, outputBytes } = result;
  const error = { code, message, retryable };
  return { id, durationMs, outputBytes, completedBy, inferred: false, success: false, status, error };
}
