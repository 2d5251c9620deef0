import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Where things of one instance are; the directory is the instance's own. */
export interface InstanceLayout {
  readonly directory: string;
  readonly record: string;
  /** The holder's kernel lock, never inside a mount. */
  readonly lock: string;
  readonly pipesDirectory: string;
  /** Prefix of the FIFOs: `<pipes>.in.fifo`, `<pipes>.out.fifo`, `<pipes>.ctl.fifo`. */
  readonly pipes: string;
  readonly state: string;
  readonly agentLock: string;
  readonly agentLog: string;
  readonly settings: string;
  readonly home: string;
  readonly agentFile: string;
}

export function instanceLayout(directory: string, name: string): InstanceLayout {
  const state = join(directory, 'state');
  const pipesDirectory = join(directory, 'pipes');
  return {
    directory,
    record: join(directory, 'instance.json'),
    lock: join(directory, 'lock'),
    pipesDirectory,
    pipes: join(pipesDirectory, name),
    state,
    agentLock: join(state, 'agent.lock'),
    agentLog: join(state, 'agent.log'),
    settings: join(state, 'settings.json'),
    home: join(directory, 'home'),
    agentFile: join(directory, 'agent.cjs'),
  };
}

/** `$CCB_HOME`, else `$XDG_STATE_HOME/ccb`, else `~/.local/state/ccb`. */
export function defaultHome(env: NodeJS.ProcessEnv = process.env): string {
  const { CCB_HOME: own, XDG_STATE_HOME: state, HOME: home } = env;
  if (own) return resolve(own);
  // The specification says to ignore a relative one.
  if (state && isAbsolute(state)) return join(state, 'ccb');
  return join(home || homedir(), '.local', 'state', 'ccb');
}
