import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { InstanceError } from '@ccb/instance-interface';
import { UsageError } from './usage-error.ts';

const KNOWN: readonly string[] = ['claude', 'shell', 'acp'];

/**
 * The program to start: the one asked for, else claude where it is, else shell.
 * @throws {UsageError} for a name that no build of ccb knows
 * @throws {InstanceError} CCB_NOT_SUPPORTED for one that this build cannot drive
 */
export function chooseProgram(
  asked: string | undefined,
  drivable: readonly string[],
  hasClaude: () => boolean,
): string {
  if (asked === undefined) return drivable.includes('claude') && hasClaude() ? 'claude' : 'shell';
  if (drivable.includes(asked)) return asked;
  const choices = `Choose one of: ${drivable.join(', ')}.`;
  if (!KNOWN.includes(asked)) throw new UsageError(`--program "${asked}" is not a program that ccb knows. ${choices}`);
  throw new InstanceError('CCB_NOT_SUPPORTED', `This build of ccb cannot drive ${asked}. ${choices}`);
}

/** Is it on `path`, and can it be executed? */
export function isInstalled(name: string, path: string | undefined): boolean {
  return (path ?? '').split(delimiter).some((directory) => directory !== '' && isExecutable(join(directory, name)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
