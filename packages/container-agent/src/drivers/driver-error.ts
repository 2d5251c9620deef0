/** Why a program could not be started, or is gone. `code` is one of the contract's error codes. */
export class DriverError extends Error {
  override readonly name: string = 'DriverError';
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, message: string, options: { readonly retryable?: boolean; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}
