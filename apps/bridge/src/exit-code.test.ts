import { type CommandResult, InstanceError } from '@ccb/instance-interface';
import { describe, expect, test } from 'vitest';
import { BrokenPipeError } from './byte-sink.ts';
import { exitCodeOfError, exitCodeOfResult } from './exit-code.ts';
import { UsageError } from './usage-error.ts';

const base = { id: 'x', durationMs: 1, outputBytes: 0, completedBy: 'program', inferred: false };
const good: CommandResult = { ...base, success: true, status: 'completed', exitCode: 0 };
const bad = (status: 'failed' | 'timeout' | 'cancelled', exitCode?: number): CommandResult => ({
  ...base,
  success: false,
  status,
  exitCode,
  error: { code: 'CCB_X', message: 'x', retryable: false },
});
const plain = { interrupted: false, passed: false };

describe('exit codes', () => {
  test.each([
    ['success', good, plain, 0],
    ['failure', bad('failed', 7), plain, 1],
    ['failure, passed on', bad('failed', 7), { ...plain, passed: true }, 7],
    ['failure without a code, passed on', bad('failed'), { ...plain, passed: true }, 1],
    ['time-out', bad('timeout', 7), { ...plain, passed: true }, 124],
    ['interrupt of our own', bad('cancelled'), { ...plain, interrupted: true }, 130],
    ["somebody else's interrupt", bad('cancelled'), plain, 1],
    ['success in spite of an interrupt', good, { ...plain, interrupted: true }, 0],
  ])('%s', (_case, result, options, exitCode) => {
    expect(exitCodeOfResult(result, options)).toBe(exitCode);
  });

  test('errors are the fault of the caller, the reader or the instance', () => {
    expect(exitCodeOfError(new UsageError('x'))).toBe(2);
    expect(exitCodeOfError(new InstanceError('CCB_LOCKED', 'x'))).toBe(3);
    expect(exitCodeOfError(new BrokenPipeError('x'))).toBe(141);
  });
});
