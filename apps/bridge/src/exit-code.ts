import type { CommandResult } from '@ccb/instance-interface';
import { BrokenPipeError } from './byte-sink.ts';
import { UsageError } from './usage-error.ts';

export const EXIT = {
  success: 0,
  commandFailed: 1,
  usage: 2,
  instance: 3,
  timeout: 124,
  hangup: 129,
  interrupted: 130,
  brokenPipe: 141,
  terminated: 143,
} as const;

/** `passed`: the program's own code, where it gave one, instead of 0 or 1. */
export function exitCodeOfResult(
  result: CommandResult,
  options: { readonly interrupted: boolean; readonly passed: boolean },
): number {
  if (result.status === 'timeout') return EXIT.timeout;
  if (result.status === 'cancelled' && options.interrupted) return EXIT.interrupted;
  if (options.passed && result.exitCode !== undefined) return result.exitCode;
  return result.success ? EXIT.success : EXIT.commandFailed;
}

export function exitCodeOfError(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof BrokenPipeError) return EXIT.brokenPipe;
  return EXIT.instance;
}
