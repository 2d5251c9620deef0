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
  /** What the agent writes. Whoever else can write it may have planted anything there. */
  readonly state: string;
  readonly agentLock: string;
  readonly agentLog: string;
  /** The program's, who writes it. */
  readonly home: string;
  /** What the host writes for the agent, who only reads it. */
  readonly agentDirectory: string;
  readonly agentFile: string;
  readonly settings: string;
}

export function instanceLayout(directory: string, name: string): InstanceLayout {
  const state = join(directory, 'state');
  const pipesDirectory = join(directory, 'pipes');
  const agentDirectory = join(directory, 'agent');
  return {
    directory,
    record: join(directory, 'instance.json'),
    lock: join(directory, 'lock'),
    pipesDirectory,
    pipes: join(pipesDirectory, name),
    state,
    agentLock: join(state, 'agent.lock'),
    agentLog: join(state, 'agent.log'),
    home: join(directory, 'home'),
    agentDirectory,
    agentFile: join(agentDirectory, 'agent.cjs'),
    settings: join(agentDirectory, 'settings.json'),
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
