import { type ExecFileException, execFile } from 'node:child_process';
import { InstanceError } from '@ccb/instance-interface';

/** `pane-died` of a pane's own, `window-size` and client flags are there from this version on. */
export const oldestTmux = '3.2';

const versionMs = 5_000;

/** @returns for example `3.3a` @throws {InstanceError} CCB_BACKEND_UNREACHABLE when tmux is missing or too old */
export async function tmuxVersion(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const version = await new Promise<string>((resolve, reject) => {
    execFile('tmux', ['-V'], { env: { PATH: env.PATH }, timeout: versionMs }, (error, stdout) => {
      if (error === null) resolve(stdout.trim().replace(/^tmux /, ''));
      else reject(missing(error));
    });
  });
  if (isOldEnough(version)) return version;
  throw new InstanceError('CCB_BACKEND_UNREACHABLE', `tmux ${version} is too old. ${oldestTmux} or newer is needed.`);
}

/** `3.3a`, `next-3.4`, `openbsd-7.4`: what has no number counts as new. */
export function isOldEnough(version: string): boolean {
  const numbers = /(\d+)\.(\d+)/.exec(version.replace(/^openbsd-.*/, ''));
  if (numbers === null) return true;
  const [major, minor] = numbers.slice(1).map(Number) as [number, number];
  return major > 3 || (major === 3 && minor >= 2);
}

function missing(cause: ExecFileException): InstanceError {
  const message =
    cause.code === 'ENOENT'
      ? 'tmux is not on PATH. Install it: apt-get install tmux.'
      : `tmux could not be asked for its version: ${cause.message}`;
  return new InstanceError('CCB_BACKEND_UNREACHABLE', message, { cause });
}
