import type { CommandError, RunEnd, StopReason, Usage } from '@ccb/instance-interface';
import { clipped } from './bounds.ts';
import { type Json, optionalNumber } from './json.ts';
import type { ResultMessage } from './result-message.ts';

const MAX_MESSAGE = 2_000;

const TRANSIENT: ReadonlySet<string> = new Set(['overloaded', 'rate_limit', 'server_error', 'connection_failed']);

/** What the result alone does not say. */
export interface TurnFacts {
  /** The program's word for the API error that it told in the model's place; absent: none. */
  readonly apiError?: string | undefined;
  /** Of this turn, US dollars. */
  readonly costUsd?: number | undefined;
}

/** How a turn ended. `success` is what the program says: neither a refusal nor a full answer changes it. */
export function runEnd(result: ResultMessage, facts: TurnFacts): RunEnd {
  const success = result.subtype === 'success' && !result.isError;
  const end = {
    completedBy: 'program',
    stopReason: stopReasonOf(result, facts),
    usage: usageOf(result.usage, facts.costUsd),
  };
  return success ? { success, ...end } : { success, ...end, error: errorOf(result, facts) };
}

function stopReasonOf(result: ResultMessage, facts: TurnFacts): StopReason | undefined {
  if (isAborted(result)) return 'cancelled';
  if (result.subtype === 'error_max_turns') return 'max_turn_requests';
  // The program says `stop_sequence` where it tells the error in the model's place.
  if (wordOf(result, facts) === 'max_output_tokens') return 'max_tokens';
  switch (result.stopReason) {
    case 'refusal':
      return 'refusal';
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'max_tokens';
    default:
      return result.isError || result.subtype !== 'success' ? undefined : 'end_turn';
  }
}

function usageOf(tokens: Json, costUsd: number | undefined): Usage {
  const input = countOf(tokens, 'input_tokens');
  const written = countOf(tokens, 'cache_creation_input_tokens');
  return {
    inputTokens: input === undefined ? written : input + (written ?? 0),
    outputTokens: countOf(tokens, 'output_tokens'),
    cachedTokens: countOf(tokens, 'cache_read_input_tokens'),
    costUsd,
  };
}

function countOf(tokens: Json, key: string): number | undefined {
  const count = optionalNumber(tokens, key);
  return count !== undefined && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

function errorOf(result: ResultMessage, facts: TurnFacts): CommandError {
  if (isAborted(result)) return { code: 'CCB_CANCELLED', message: 'the turn was interrupted', retryable: false };
  const text = textOf(result);
  if (isSignIn(result, facts)) return { code: 'CCB_SIGN_IN', message: signInMessage(text), retryable: false };
  if (isModelError(result, facts)) {
    return { code: 'CCB_MODEL_ERROR', message: modelMessage(result, text), retryable: isTransient(result, facts) };
  }
  return { code: 'CCB_COMMAND_FAILED', message: text, retryable: false };
}

function isAborted(result: ResultMessage): boolean {
  return result.terminalReason?.startsWith('aborted') ?? false;
}

function isSignIn(result: ResultMessage, facts: TurnFacts): boolean {
  if (result.apiErrorStatus !== undefined) return result.apiErrorStatus === 401;
  return wordOf(result, facts) === 'authentication_failed' || /please run \/login/i.test(result.result ?? '');
}

function signInMessage(text: string): string {
  return (
    `Claude Code is not signed in (${text}). ` +
    "Create the instance with ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN in env, or with login 'person'."
  );
}

function isModelError(result: ResultMessage, facts: TurnFacts): boolean {
  return (
    result.apiErrorStatus !== undefined ||
    wordOf(result, facts) !== undefined ||
    result.stopReason === 'refusal' ||
    (result.result ?? '').startsWith('API Error')
  );
}

function modelMessage(result: ResultMessage, text: string): string {
  const status = result.apiErrorStatus;
  return status === undefined || text.includes(`${status}`) ? text : `${text} (HTTP ${status})`;
}

function isTransient(result: ResultMessage, facts: TurnFacts): boolean {
  const status = result.apiErrorStatus;
  if (status !== undefined) return status === 408 || status === 429 || status >= 500;
  const words = [result.apiError, facts.apiError];
  if (words.some((word) => word !== undefined && TRANSIENT.has(word))) return true;
  return wordOf(result, facts) === 'unknown' && /overloaded|connect|timed? ?out/i.test(result.result ?? '');
}

function wordOf(result: ResultMessage, facts: TurnFacts): string | undefined {
  return result.apiError ?? facts.apiError;
}

function textOf(result: ResultMessage): string {
  // The program's notes to its own developers are among the errors.
  const errors = result.errors.filter((error) => !error.startsWith('[ede_diagnostic]'));
  const text = (result.result ?? '').trim() || errors.join('; ').trim();
  return clipped(text || `Claude Code ended the turn with ${result.subtype}`, MAX_MESSAGE);
}
