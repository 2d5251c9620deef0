import { type PromptResponse, RequestError } from '@agentclientprotocol/sdk';
import { type CommandResult, InstanceError } from '@ccb/instance-interface';

/** How a turn ended, for the editor. @throws {RequestError} for a command that failed without an end of its own */
export function promptResponse(result: CommandResult): PromptResponse {
  if (result.status === 'cancelled') return { stopReason: 'cancelled' };
  if (result.success) return { stopReason: result.stopReason ?? 'end_turn' };
  if (result.stopReason !== undefined && result.stopReason !== 'end_turn') return { stopReason: result.stopReason };
  // A command of a shell that says no has been answered all the same.
  if (result.exitCode !== undefined) return { stopReason: 'end_turn' };
  throw requestError(new InstanceError(result.error.code, result.error.message, { retryable: result.error.retryable }));
}

/** What a command had to say that no text tells. */
export function closingWords(result: CommandResult): string | undefined {
  return !result.success && result.status === 'failed' && result.exitCode !== undefined
    ? `\n[exit status ${result.exitCode}]\n`
    : undefined;
}

/** An error of ours as one of the protocol's: its message says what to do, its data has our code. */
export function requestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  if (InstanceError.is(error, 'CCB_SIGN_IN')) return RequestError.authRequired({ code: error.code }, error.message);
  if (InstanceError.is(error)) {
    const { code, message, retryable } = error;
    // Ours to say: not found is a mistake in the parameters, all else is on this side.
    return new RequestError(code === 'CCB_NOT_FOUND' ? -32002 : -32603, message, { code, retryable });
  }
  if (error instanceof TypeError) return RequestError.invalidParams({}, error.message);
  return RequestError.internalError({}, error instanceof Error ? error.message : String(error));
}
