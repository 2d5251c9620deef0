import { spawn } from 'node:child_process';
import { NamedPipeError, systemCode } from '../error.ts';

export type FlockMode = 'exclusive' | 'shared';

const CONFLICT = 1;

/**
 * Locks the open file behind `fd`: the lock belongs to the file description, so it outlives the `flock` process and dies with ours.
 * Resolves false when another holds it (only without `wait`). Aborting kills the process and rejects with the signal's reason.
 * @throws {NamedPipeError} CCB_PIPE_DOWN when there is no `flock` program, or it fails
 */
export function flock(fd: number, mode: FlockMode, wait: boolean, signal: AbortSignal | undefined): Promise<boolean> {
  const flags = [mode === 'shared' ? '-s' : '-x', ...(wait ? [] : ['-n']), '3'];
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const child = spawn('flock', flags, {
      stdio: ['ignore', 'ignore', 'ignore', fd],
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
    });
    const kill = (): void => void child.kill('SIGKILL');
    signal?.addEventListener('abort', kill, { once: true });
    const settle = (act: () => void): void => {
      signal?.removeEventListener('abort', kill);
      act();
    };
    child.once('error', (cause) => settle(() => reject(explainFlock(cause))));
    child.once('exit', (status) =>
      settle(() => {
        if (signal?.aborted) reject(signal.reason);
        else if (status === 0 || status === CONFLICT) resolve(status === 0);
        else
          reject(
            new NamedPipeError(
              'CCB_PIPE_DOWN',
              `"flock" failed with status ${status}. Does this file system have locks?`,
            ),
          );
      }),
    );
  });
}

export function explainFlock(cause: Error): NamedPipeError {
  if (systemCode(cause) === 'ENOENT') {
    return new NamedPipeError('CCB_PIPE_DOWN', '"flock" is not installed. Install util-linux (or busybox).', { cause });
  }
  return new NamedPipeError('CCB_PIPE_DOWN', `"flock" cannot be started: ${cause.message}`, { cause });
}
