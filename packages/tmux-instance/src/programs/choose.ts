import type { InstanceLayout } from '@ccb/container-agent';
import { loginEnvironment } from '@ccb/container-agent';
import { scriptPath } from '../layout-files.ts';
import type { TmuxRecord } from '../tmux-data.ts';
import { ClaudeProgram } from './claude/claude-program.ts';
import { programEnvironment } from './environment.ts';
import type { PaneProgram, Surroundings } from './program.ts';
import { ShellProgram } from './shell/shell-program.ts';

/** What a program gets from its instance. */
export interface ProgramOptions
  extends Pick<Surroundings, 'nonce' | 'log' | 'takeover' | 'personTypedSince' | 'whenDetached'> {
  readonly layout: InstanceLayout;
  /** What the caller gave. */
  readonly env: Readonly<Record<string, string>>;
}

/** The program that a record names. */
export function chooseProgram(record: TmuxRecord, options: ProgramOptions): PaneProgram {
  const { layout, env } = options;
  const { data, program } = record;
  const surroundings: Surroundings = {
    ...options,
    name: record.name,
    instanceId: data.instanceId,
    state: layout.state,
    home: layout.home,
    workspace: record.workspace ?? layout.home,
    programArgs: data.programArgs,
    whileTyping: data.takeover,
    env: {
      ...programEnvironment(),
      ...loginEnvironment(program, data.login, layout.home, process.env),
      CCB_INSTANCE: data.instanceId,
      ...env,
    },
  };
  if (program === 'claude') return new ClaudeProgram(surroundings, scriptPath(layout, 'claude-hook.sh'));
  return new ShellProgram(surroundings, scriptPath(layout, 'ccb.bash'));
}
