import type { InstanceLayout } from '@ccb/container-agent';
import { loginEnvironment } from '@ccb/container-agent';
import type { CompletionChoice } from '../completion/completion-choice.ts';
import { restoredCompletion } from '../completion/recorded-completion.ts';
import { scriptPath } from '../layout-files.ts';
import type { TmuxRecord } from '../tmux-data.ts';
import { ClaudeProgram } from './claude/claude-program.ts';
import { commandLaunch } from './command-line/command-launch.ts';
import { CommandLineProgram } from './command-line/command-line-program.ts';
import { programEnvironment } from './environment.ts';
import type { PaneProgram, Surroundings } from './program.ts';
import { ShellProgram } from './shell/shell-program.ts';

/** What a program gets from its instance. */
export interface ProgramOptions
  extends Pick<Surroundings, 'nonce' | 'log' | 'takeover' | 'personTypedSince' | 'whenDetached'> {
  readonly layout: InstanceLayout;
  /** Detectors that a record can only name. */
  readonly completion: readonly CompletionChoice[] | undefined;
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
  const { argv, completion } = data;
  if (completion !== undefined) {
    const choices = restoredCompletion(completion, options.completion);
    const launch = argv && commandLaunch(argv, surroundings, scriptPath(layout, 'ccb-python.py'), choices);
    return new CommandLineProgram(surroundings, launch, choices);
  }
  if (program === 'claude') return new ClaudeProgram(surroundings, scriptPath(layout, 'claude-hook.sh'));
  return new ShellProgram(surroundings, scriptPath(layout, 'ccb.bash'));
}
