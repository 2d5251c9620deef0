import { accessSync, constants, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { InstanceError } from '@ccb/instance-interface';
import type { Launch, Surroundings } from '../program.ts';

/** Where the shell tells how many commands it has run, and the status of the last one. */
function promptFile(state: string): string {
  return join(state, 'prompt');
}

/** What the last prompt said; undefined: there was none. */
export function lastPrompt(state: string): { readonly count: number; readonly status: number } | undefined {
  try {
    const [count, status] = readFileSync(promptFile(state), 'latin1').trim().split(/ +/).map(Number);
    return count === undefined || status === undefined ? undefined : { count, status };
  } catch {
    return undefined;
  }
}

/** An interactive bash that marks its prompts. @param rc the file that makes it do so */
export function shellLaunch(surroundings: Surroundings, rc: string, nonce: string): Launch {
  const { state, home, env, workspace, programArgs } = surroundings;
  rmSync(promptFile(state), { force: true });
  const bash = programOn(env.PATH, 'bash');
  if (bash === undefined) {
    const message = `${surroundings.name}: there is no bash on its PATH. Install it: apt-get install bash.`;
    throw new InstanceError('CCB_PROGRAM_NOT_FOUND', message, { instance: surroundings.name });
  }
  return {
    argv: [bash, '--noprofile', '--rcfile', rc, ...programArgs, '-i'],
    env: {
      ...env,
      CCB_NONCE: nonce,
      CCB_STATE: promptFile(state),
      CCB_HISTFILE: join(home, '.bash_history'),
    },
    cwd: workspace,
  };
}

/** The path of an executable, as a shell would find it. */
function programOn(path: string | undefined, name: string): string | undefined {
  for (const directory of (path ?? '').split(delimiter)) {
    if (directory === '') continue;
    try {
      accessSync(join(directory, name), constants.X_OK);
      return join(directory, name);
    } catch {
      // not in this one
    }
  }
  return undefined;
}
