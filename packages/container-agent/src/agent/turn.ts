import type { CommandResult, RunEnd } from '@ccb/instance-interface';
import type { Turn } from '../drivers/driver.ts';
import type { CancelReason } from '../protocol/frames.ts';
import type { Outbox } from './outbox.ts';

const STDERR_TAIL = 2_000;

/** Why a turn ends otherwise than the program says. */
export interface Verdict {
  readonly status: 'failed' | 'cancelled' | 'timeout';
  readonly code: string;
  readonly message: string;
  readonly completedBy: string;
  readonly retryable: boolean;
}

/** One begun command: its output on the way to the outbox, and the result it comes to. */
export class RunningTurn implements Turn {
  readonly id: string;
  readonly text: string;
  readonly stderr: 'separate' | 'merge';
  readonly startedAt: string;
  readonly #outbox: Outbox;
  readonly #began: number = performance.now();
  #verdict: Verdict | undefined;
  #mute = false;
  #ended = false;
  #outputBytes = 0;
  #stderrTail = '';

  constructor(
    command: { readonly id: string; readonly text: string; readonly stderr: 'separate' | 'merge' },
    startedAt: string,
    outbox: Outbox,
  ) {
    this.id = command.id;
    this.text = command.text;
    this.stderr = command.stderr;
    this.startedAt = startedAt;
    this.#outbox = outbox;
  }

  get verdict(): Verdict | undefined {
    return this.#verdict;
  }

  /** The first one stands. */
  judge(verdict: Verdict): void {
    this.#verdict ??= verdict;
  }

  /** What still comes is dropped: there is no room for it. */
  mute(): void {
    this.#mute = true;
  }

  write(stream: 'stdout' | 'stderr', text: string, bytes?: string): void {
    if (this.#mute) return;
    if (!this.#ended) {
      if (stream === 'stdout') this.#outputBytes += bytes === undefined ? Buffer.byteLength(text) : base64Bytes(bytes);
      else this.#stderrTail = (this.#stderrTail + text).slice(-STDERR_TAIL);
    }
    this.#outbox.text(this.id, stream, text, bytes, this.#ended);
  }

  update(update: object): void {
    if (!this.#mute && !this.#ended) this.#outbox.update(this.id, update);
  }

  /** What the program said, unless something else ended it. */
  close(end: RunEnd): CommandResult {
    this.#ended = true;
    const base = {
      id: this.id,
      durationMs: Math.round(performance.now() - this.#began),
      outputBytes: this.#outputBytes,
      ...(end.exitCode === undefined ? {} : { exitCode: end.exitCode }),
      ...(end.stopReason === undefined ? {} : { stopReason: end.stopReason }),
      ...(end.usage === undefined ? {} : { usage: end.usage }),
      inferred: end.inferred ?? false,
    };
    const verdict = this.#verdict;
    if (verdict !== undefined) {
      const { status, code, message, retryable, completedBy } = verdict;
      return { ...base, completedBy, inferred: false, success: false, status, error: { code, message, retryable } };
    }
    if (end.success) return { ...base, completedBy: end.completedBy, success: true, status: 'completed' };
    return {
      ...base,
      completedBy: end.completedBy,
      success: false,
      status: 'failed',
      error: end.error ?? { code: 'CCB_COMMAND_FAILED', message: this.#failure(end), retryable: false },
    };
  }

  #failure(end: RunEnd): string {
    const what = end.exitCode === undefined ? 'the program reports a failure' : `exit status ${end.exitCode}`;
    const tail = this.#stderrTail.trimEnd();
    return tail === '' ? what : `${what}: ${tail}`;
  }
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

function base64Bytes(text: string): number {
  return Buffer.byteLength(text, 'base64');
}
