import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { NamedPipeError } from '../error.ts';
import { explainFlock } from './flock.ts';

/** Descriptors that one shell is given; far below what a process may have open. */
const MOST = 128;
const FIRST = 3;
const SCRIPT = 'for fd; do flock -sn "$fd"; printf "%d " $?; done';

/**
 * Which of these open files somebody has locked exclusively: one process for many, where `flock` alone takes one for each.
 * Aborting kills it and rejects with the signal's reason.
 * @throws {NamedPipeError} CCB_PIPE_DOWN
 */
export async function lockedAmong(
  fds: readonly number[],
  signal: AbortSignal | undefined,
): Promise<readonly boolean[]> {
  const locked: boolean[] = [];
  for (let start = 0; start < fds.length; start += MOST)
    locked.push(...(await lookAt(fds.slice(start, start + MOST), signal)));
  return locked;
}

function lookAt(fds: readonly number[], signal: AbortSignal | undefined): Promise<readonly boolean[]> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const child = spawn('sh', ['-c', SCRIPT, 'sh', ...fds.map((_, index) => String(index + FIRST))], {
      stdio: ['ignore', 'pipe', 'ignore', ...fds],
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
    });
    const kill = (): void => void child.kill('SIGKILL');
    signal?.addEventListener('abort', kill, { once: true });
    let answer = '';
    (child.stdout as Readable).setEncoding('latin1').on('data', (text: string) => {
      answer += text;
    });
    const settle = (act: () => void): void => {
      signal?.removeEventListener('abort', kill);
      act();
    };
    child.once('error', (cause) => settle(() => reject(explainFlock(cause))));
    child.once('close', () =>
      settle(() => {
        if (signal?.aborted) reject(signal.reason);
        else {
          const statuses = answer.trim().split(' ');
          if (statuses.length === fds.length && statuses.every((status) => status === '0' || status === '1'))
            resolve(statuses.map((status) => status === '1'));
          else reject(lookError(statuses));
        }
      }),
    );
  });
}

function lookError(statuses: readonly string[]): NamedPipeError {
  const message = statuses.includes('127')
    ? '"flock" is not installed. Install util-linux (or busybox).'
    : `The locks could not be looked at: "flock" ended with ${statuses.join(' ')}.`;
  return new NamedPipeError('CCB_PIPE_DOWN', message);
}
