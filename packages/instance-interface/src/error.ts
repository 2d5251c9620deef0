/** Stable words for what went wrong with an instance. Backends may add their own. */
export type InstanceErrorCode =
  | 'CCB_BUSY'
  | 'CCB_CLOSED'
  | 'CCB_TIMEOUT'
  | 'CCB_ABORTED'
  | 'CCB_STOPPED'
  | 'CCB_STALLED'
  | 'CCB_INVALID_STATE'
  | 'CCB_NOT_SUPPORTED'
  | 'CCB_LOCKED'
  | 'CCB_NOT_FOUND'
  | 'CCB_NAME_TAKEN'
  | 'CCB_ID_CONFLICT'
  | 'CCB_RECORD_INVALID'
  | 'CCB_BACKEND_UNKNOWN'
  | 'CCB_BACKEND_UNREACHABLE'
  | 'CCB_AGENT_UNREACHABLE'
  | 'CCB_PROGRAM_NOT_FOUND'
  | 'CCB_PROGRAM_EXITED'
  | 'CCB_AGENT_LOST'
  | 'CCB_AGENT_FROZEN'
  | 'CCB_JOURNAL_GAP'
  | 'CCB_JOURNAL_LOST'
  | 'CCB_DISK_FULL'
  | 'CCB_SECRET_MISSING'
  | 'CCB_PROTOCOL'
  | 'CCB_PROTOCOL_MISMATCH'
  | 'CCB_PIPE'
  | (string & {});

export interface InstanceErrorOptions {
  /** The foreign error behind this one. */
  readonly cause?: unknown;
  /** true: the same call may succeed later, unchanged. Default false. */
  readonly retryable?: boolean | undefined;
  /** The name of the instance. */
  readonly instance?: string | undefined;
}

// Registered globally, so that two copies of this package recognise each other's errors.
const brand = Symbol.for('@ccb/instance-interface/InstanceError');

/**
 * Something went wrong with the instance. (What goes wrong with a command is a result with `success: false`;
 * a caller's mistake is a `TypeError`.) The message says what happened, to what, and what to do.
 */
export class InstanceError extends Error {
  readonly code: InstanceErrorCode;
  readonly retryable: boolean;
  readonly instance?: string | undefined;

  static {
    Object.defineProperty(InstanceError.prototype, brand, { value: true });
    Object.defineProperty(InstanceError.prototype, 'name', { value: 'InstanceError', configurable: true });
  }

  constructor(code: InstanceErrorCode, message: string, options: InstanceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    if (options.instance !== undefined) this.instance = options.instance;
  }

  /** Is it an InstanceError, of this code if one is given? Works across duplicate copies of the package. */
  static is(value: unknown, code?: InstanceErrorCode): value is InstanceError {
    if (typeof value !== 'object' || value === null || !(brand in value)) return false;
    return code === undefined || ('code' in value && value.code === code);
  }
}
