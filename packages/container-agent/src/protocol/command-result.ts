import { code, count, type Fields, FrameError, fields, flag, oneOf, optionalCount, text } from './check.ts';

const STATUSES = ['completed', 'failed', 'timeout', 'cancelled'] as const;
const STOP_REASONS = ['end_turn', 'max_tokens', 'max_turn_requests', 'refusal', 'cancelled'] as const;

/** The `result` of an end frame. @throws {FrameError} */
export function checkResult(frame: Fields): void {
  const result = fields(frame.result, 'result');
  const status = oneOf(result, 'status', STATUSES, 'result.');
  const success = flag(result, 'success', 'result.');
  if (success !== (status === 'completed')) throw new FrameError('result.success', `${!success} with status ${status}`);
  if (result.id !== frame.id) throw new FrameError('result.id', "the frame's id");
  count(result, 'durationMs', 'result.');
  count(result, 'outputBytes', 'result.');
  text(result, 'completedBy', 100, 'result.');
  flag(result, 'inferred', 'result.');
  optionalCount(result, 'exitCode', 'result.');
  if (result.stopReason !== undefined) oneOf(result, 'stopReason', STOP_REASONS, 'result.');
  if (result.usage !== undefined) usage(fields(result.usage, 'result.usage'));
  if (success) {
    if (result.error !== undefined) throw new FrameError('result.error', 'absent with status completed');
    return;
  }
  const error = fields(result.error, 'result.error');
  code(error, 'code', 'result.error.');
  text(error, 'message', 65_536, 'result.error.');
  flag(error, 'retryable', 'result.error.');
}

function usage(tokens: Fields): void {
  for (const key of ['inputTokens', 'outputTokens', 'cachedTokens']) optionalCount(tokens, key, 'result.usage.');
  const cost = tokens.costUsd;
  if (cost !== undefined && !(Number.isFinite(cost) && (cost as number) >= 0)) {
    throw new FrameError('result.usage.costUsd', 'a number, 0 or more');
  }
}
