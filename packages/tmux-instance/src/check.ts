import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { type Check, InstanceError } from '@ccb/instance-interface';
import { assertSocketPath } from './control/server-probe.ts';
import { oldestTmux, tmuxVersion } from './control/tmux-program.ts';
import type { TmuxPlaces } from './create.ts';
import { serverSocket } from './server-socket.ts';

type Verdict = Omit<Check, 'name'>;

/** What the tmux backend needs of the machine. */
export async function checkTmux(places: TmuxPlaces, env: NodeJS.ProcessEnv = process.env): Promise<readonly Check[]> {
  return [
    { name: 'linux', ...checkPlatform() },
    { name: 'tmux', ...(await checkVersion(env)) },
    { name: 'bash', ...checkTool('bash', 'apt-get install bash', env) },
    { name: 'stty', ...checkTool('stty', 'apt-get install coreutils', env) },
    { name: 'home', ...checkWritable(places.home, 'CCB_HOME') },
    { name: 'socket', ...checkSocket(places) },
  ];
}

function checkPlatform(): Verdict {
  if (process.platform === 'linux') return { status: 'ok', message: 'Linux' };
  const message = `${process.platform} is not supported: /proc and the FIFO semantics of Linux are needed`;
  return { status: 'problem', message, fix: 'Run it on Linux, or in a Linux VM.' };
}

async function checkVersion(env: NodeJS.ProcessEnv): Promise<Verdict> {
  try {
    return { status: 'ok', message: `tmux ${await tmuxVersion(env)}` };
  } catch (error) {
    if (!InstanceError.is(error)) throw error;
    return { status: 'problem', message: error.message, fix: `apt-get install tmux (${oldestTmux} or newer)` };
  }
}

function checkTool(name: string, fix: string, env: NodeJS.ProcessEnv): Verdict {
  const found = (env.PATH ?? '').split(delimiter).some((directory) => directory && existsSync(join(directory, name)));
  return found
    ? { status: 'ok', message: `${name} found` }
    : { status: 'problem', message: `${name} is not on PATH`, fix };
}

function checkSocket({ home, runtimeDirectory }: TmuxPlaces): Verdict {
  try {
    assertSocketPath(serverSocket(runtimeDirectory, home));
  } catch (error) {
    if (!InstanceError.is(error)) throw error;
    return { status: 'problem', message: error.message, fix: 'Set XDG_RUNTIME_DIR to a shorter directory of yours.' };
  }
  return checkWritable(runtimeDirectory, 'XDG_RUNTIME_DIR');
}

function checkWritable(path: string, variable: string): Verdict {
  let existing = path;
  while (!existsSync(existing)) existing = dirname(existing);
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
    return { status: 'ok', message: `${path} can be written` };
  } catch {
    const fix = `Set ${variable} to a directory of yours, or: chmod u+rwx ${existing}`;
    return { status: 'problem', message: `${existing} cannot be written`, fix };
  }
}
