import { expect, test } from 'vitest';
import type { Json } from './json.ts';
import { parseResult } from './result-message.ts';
import { runEnd, type TurnFacts } from './run-end.ts';

const end = (line: Json, facts: TurnFacts = {}) =>
  runEnd(parseResult({ type: 'result', subtype: 'success', ...line }), facts);
const failed = (status: number | undefined, result = 'API Error: it failed') =>
  end({ is_error: true, api_error_status: status, result });

test('succeeds only where the program says success and no error', () => {
  expect(end({ is_error: false }).success).toBe(true);
  expect(end({ is_error: true }).success).toBe(false);
  expect(end({ subtype: 'error_during_execution', is_error: false }).success).toBe(false);
  expect(end({ subtype: 'error_of_the_future' })).toMatchObject({
    success: false,
    error: { code: 'CCB_COMMAND_FAILED', message: 'Claude Code ended the turn with error_of_the_future' },
  });
});

test.each(['refusal', 'max_tokens'] as const)('a %s that the program calls no error is a success', (stopReason) => {
  expect(end({ is_error: false, stop_reason: stopReason })).toMatchObject({ success: true, stopReason });
});

test.each([408, 429, 500, 502, 529])('HTTP %i may go away', (status) => {
  expect(failed(status).error).toEqual({
    code: 'CCB_MODEL_ERROR',
    message: `API Error: it failed (HTTP ${status})`,
    retryable: true,
  });
});

test.each([400, 403, 404])('HTTP %i does not go away', (status) => {
  expect(failed(status).error).toMatchObject({ code: 'CCB_MODEL_ERROR', retryable: false });
});

test('who is not signed in learns what to do', () => {
  const texts = [failed(401), failed(undefined, 'Invalid API key · Please run /login')];
  const told = end({ is_error: true, result: 'No.' }, { apiError: 'authentication_failed' });
  for (const { error } of [...texts, told]) {
    expect(error).toMatchObject({ code: 'CCB_SIGN_IN', retryable: false });
    expect(error?.message).toMatch(/ANTHROPIC_API_KEY/);
  }
});

test('the notes of the program to its developers are no message', () => {
  const errors = ['[ede_diagnostic] result_type=user', 'the disk is full'];
  expect(end({ subtype: 'error_during_execution', is_error: true, errors }).error?.message).toBe('the disk is full');
});

test('a message stays short', () => {
  expect(failed(500, 'x'.repeat(100_000)).error?.message.length).toBeLessThan(2_100);
});

test('counts what was read from the cache apart, and drops what is no count', () => {
  const usage = { input_tokens: 10, cache_creation_input_tokens: 5, cache_read_input_tokens: 7, output_tokens: -1 };
  expect(end({ usage }, { costUsd: 0.5 }).usage).toEqual({ inputTokens: 15, cachedTokens: 7, costUsd: 0.5 });
});
