const brand: unique symbol = Symbol.for('@ccb/named-pipe.error') as never;

export type NamedPipeErrorCode =
  | 'CCB_PIPE_LOCKED'
  | 'CCB_PIPE_DOWN'
  | 'CCB_PIPE_UNSAFE'
  | 'CCB_PIPE_TOO_LARGE'
  | 'CCB_PIPE_INVALID'
  | 'CCB_PIPE_TIMEOUT'
  | 'CCB_PIPE_CLOSED';

/** Who holds a lock, in its own words: advice for people, never proof. */
export interface LockHolder {
  readonly pid: number;
  /** ISO 8601, when the lock was taken. */
  readonly since: string;
  readonly command: string;
}

export interface NamedPipeErrorOptions {
  readonly cause?: unknown;
  readonly holder?: LockHolder | undefined;
}

/** Every failure of a pipe, a channel or a lock that is not the caller's mistake (those are a `TypeError`). */
export class NamedPipeError extends Error {
  override readonly name = 'NamedPipeError';
  readonly code: NamedPipeErrorCode;
  /** With CCB_PIPE_LOCKED, where the holder left its name. */
  readonly holder?: LockHolder | undefined;

  constructor(code: NamedPipeErrorCode, message: string, options: NamedPipeErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    if (options.holder) this.holder = options.holder;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Works across duplicate copies of this package, where `instanceof` does not. */
  static is(value: unknown, code?: NamedPipeErrorCode): value is NamedPipeError {
    if (typeof value !== 'object' || value === null || !(brand in value)) return false;
    return code === undefined || (value as Partial<NamedPipeError>).code === code;
  }
}

/** The `code` of a system error, such as ENOENT. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
