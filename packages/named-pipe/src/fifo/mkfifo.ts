import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { dirname } from 'node:path';
import { NamedPipeError, systemCode } from '../error.ts';
import { checkOwner, distrust, isTrustedOwner, type OwnerOptions } from './ownership.ts';

const MKFIFO_TIMEOUT_MS = 5_000;
const DEFAULT_MODE = 0o660;

export interface MakeFifoOptions extends OwnerOptions {
  /** Permission bits, whatever the umask says. Default 0o660. */
  readonly mode?: number | undefined;
}

/** Several at once, in one process, within `timeoutMs`. Gives the paths that were not there before. */
export async function makeFifos(
  paths: readonly string[],
  options: MakeFifoOptions & { readonly timeoutMs?: number | undefined },
): Promise<readonly string[]> {
  const mode = checkMode(options.mode);
  checkOwner(options);
  for (const directory of new Set(paths.map(dirname))) checkDirectory(directory, options.owner);
  const missing = paths.filter((path) => !isSoundFifo(path, options.owner));
  if (missing.length === 0) return [];
  const failure = await mkfifo(missing, mode, Math.min(options.timeoutMs ?? Infinity, MKFIFO_TIMEOUT_MS));
  for (const path of missing) {
    if (!isSoundFifo(path, options.owner)) throw explainMkfifo(path, failure);
  }
  return missing;
}

export function checkMode(mode: number | undefined): number {
  if (mode === undefined) return DEFAULT_MODE;
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o777) {
    throw new TypeError(`mode must be permission bits between 0 and 0o777: ${String(mode)}`);
  }
  return mode;
}

function checkDirectory(directory: string, owner: number | undefined): void {
  let stats: fs.Stats;
  try {
    stats = fs.statSync(directory);
  } catch (cause) {
    throw new NamedPipeError('CCB_PIPE_DOWN', `${directory} cannot be used: ${String(cause)}. Make it first.`, {
      cause,
    });
  }
  const unsafe = (what: string): NamedPipeError => new NamedPipeError('CCB_PIPE_UNSAFE', `${directory} ${what}`);
  if (!stats.isDirectory()) throw unsafe('is not a directory. Choose another path.');
  if (!isTrustedOwner(stats.uid, owner)) {
    throw unsafe(`belongs to user ${stats.uid}, who could replace what is in it. Use a directory of your own.`);
  }
  // In a sticky directory, as /tmp is, only the owner of a file can replace it.
  if (stats.mode & 0o022 && !(stats.mode & 0o1000)) {
    throw unsafe(`is writable by others, who could replace what is in it. Run: chmod go-w ${directory}`);
  }
}

function isSoundFifo(path: string, owner: number | undefined): boolean {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return false;
  const problem = distrust(stats, 'FIFO', owner);
  if (problem) throw new NamedPipeError('CCB_PIPE_UNSAFE', `${path} ${problem}`);
  return true;
}

function mkfifo(paths: readonly string[], mode: number, timeout: number): Promise<Error | undefined> {
  const options = {
    // 0 would mean none.
    timeout: Math.max(1, Math.ceil(timeout)),
    killSignal: 'SIGKILL',
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  } as const;
  return new Promise((resolve) => {
    execFile('mkfifo', ['-m', mode.toString(8), ...paths], options, (error) => resolve(error ?? undefined));
  });
}

function explainMkfifo(path: string, cause: Error | undefined): NamedPipeError {
  if (systemCode(cause) === 'ENOENT') {
    return new NamedPipeError('CCB_PIPE_DOWN', '"mkfifo" is not installed. Install coreutils (or busybox).', { cause });
  }
  return new NamedPipeError('CCB_PIPE_DOWN', `${path} cannot be made: ${cause?.message ?? 'it vanished at once'}`, {
    cause,
  });
}
