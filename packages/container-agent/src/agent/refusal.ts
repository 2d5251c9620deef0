import type { ControlFrame } from '../protocol/frames.ts';

/** Why a host's frame came to nothing; nothing was begun or destroyed. */
export class Refusal extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, message: string, retryable = false) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.retryable = retryable;
  }

  static diskFull(): Refusal {
    return new Refusal(
      'CCB_DISK_FULL',
      'no room on the disk of the journal; nothing was begun. Make room and send again',
      true,
    );
  }

  /** The error's own code where it has one of ours. */
  static of(error: unknown, code: string, what: string): Refusal {
    if (error instanceof Refusal) return error;
    const own = (error as { code?: unknown } | null)?.code;
    const known = typeof own === 'string' && own.startsWith('CCB_') ? own : code;
    const reason = error instanceof Error ? error.message : String(error);
    return new Refusal(known, known === own ? reason : `${what}: ${reason}`, known === 'CCB_DISK_FULL');
  }

  frame(about: { readonly id?: string; readonly ref?: number }): ControlFrame {
    return { type: 'refused', ...about, code: this.code, message: this.message, retryable: this.retryable };
  }
}
