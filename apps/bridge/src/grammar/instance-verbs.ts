import type { Command } from 'commander';
import type { HistoryFlags, LogFlags } from '../commands/inspection.ts';
import type { Flags } from '../options/settings.ts';
import type { Run } from './command-line.ts';
import { withCommon, withEnvironment, withInstance } from './options.ts';

/** What makes, shows and ends instances. */
export function instanceVerbs(program: Command, run: Run): void {
  program.commandsGroup('Instances:');
  withCommon(withEnvironment(withInstance(program.command('create'))))
    .argument('<NAME>', 'up to 63 small letters, digits, "-" and "_"')
    .summary('make an instance that stays, and start it')
    .description('Makes an instance that stays, and starts it, so that what is wrong shows now. Its name is on stdout.')
    .addHelpText(
      'after',
      '\nExamples:\n  ccb create work\n  ccb create box --backend docker --env ANTHROPIC_API_KEY --workspace ~/project\n  ccb create pane --backend tmux --program shell',
    )
    .action((name: string, flags: Flags) =>
      run(async () => (await import('../commands/create.ts')).create(name, flags)),
    );

  withCommon(withEnvironment(withInstance(program.command('adopt'))))
    .argument('<NAME>', 'of the new instance')
    .argument('<TARGET>', 'a container, or a tmux session')
    .summary('make an instance of a container or a tmux session that is there')
    .description('Makes an instance of something that is there and stays when the instance is removed.')
    .addHelpText('after', '\nExamples:\n  ccb discover\n  ccb adopt mine my-container --backend docker --program shell')
    .action((name: string, target: string, flags: Flags) =>
      run(async () => (await import('../commands/create.ts')).adopt(name, target, flags)),
    );

  withCommon(program.command('ls'))
    .summary('list the instances and what they do now')
    .description('Lists the instances with the state of this moment, and who holds them.')
    .option('-a, --all', 'also those that end with whoever uses them')
    .action((flags: Flags & { readonly all?: boolean }) =>
      run(async () => (await import('../commands/inventory.ts')).list(flags)),
    );

  withCommon(program.command('info'))
    .argument('<NAME>')
    .summary('say what is known of an instance now')
    .action((name: string, flags: Flags) =>
      run(async () => (await import('../commands/inspection.ts')).info(name, flags)),
    );

  const several: readonly (readonly ['start' | 'stop' | 'restart', string])[] = [
    ['start', 'start instances that are stopped'],
    ['stop', 'end the programs of instances; they stay, and start again with the next command'],
    ['restart', 'stop and start'],
  ];
  for (const [verb, summary] of several) {
    const command = program.command(verb).argument('<NAME...>').summary(summary);
    withCommon(verb === 'stop' ? command : withEnvironment(command)).action((names: string[], flags: Flags) =>
      run(async () => (await import('../commands/lifecycle.ts'))[verb](names, flags)),
    );
  }

  withCommon(program.command('rm'))
    .argument('<NAME...>')
    .summary('end instances and delete what is ours of them')
    .description('Ends instances and deletes what is ours of them: never the workspace, never what was adopted.')
    .option('-f, --force', 'also those that run, or whose record is broken')
    .action((names: string[], flags: Flags & { readonly force?: boolean }) =>
      run(async () => (await import('../commands/lifecycle.ts')).remove(names, flags)),
    );

  withCommon(program.command('rename'))
    .argument('<OLD>')
    .argument('<NEW>')
    .summary('give a stopped instance another name')
    .action((name: string, next: string, flags: Flags) =>
      run(async () => (await import('../commands/inventory.ts')).rename(name, next, flags)),
    );

  withCommon(program.command('history'))
    .argument('<NAME>')
    .summary('show the commands and their answers')
    .description('Shows the commands and their answers as they were written down, beside whoever holds the instance.')
    .option('-f, --follow', 'go on with what is to come')
    .option('--after <cursor>', 'only what came after this place, as --json gives it')
    .action((name: string, flags: HistoryFlags) =>
      run(async () => (await import('../commands/inspection.ts')).history(name, flags)),
    );

  withCommon(program.command('logs'))
    .argument('<NAME>')
    .summary('show what an instance has to say beside its answers')
    .description("Shows the log of a container, a terminal's screen, or else the log of the agent.")
    .option('-f, --follow', 'go on with what is to come')
    .option('--tail <lines>', 'only so many lines from the end')
    .action((name: string, flags: LogFlags) =>
      run(async () => (await import('../commands/inspection.ts')).logs(name, flags)),
    );

  withCommon(program.command('exec'))
    .argument('<NAME>')
    .argument('[ARGV...]', 'a program and its arguments, after "--"')
    .summary('run another program where an instance lives')
    .description(
      'Runs a program in the container of an instance, or else here in its workspace, beside what the instance does. Exits as the program does.',
    )
    .addHelpText('after', '\nExamples:\n  ccb exec box -- ls -la /workspace')
    .action((name: string, argv: string[], flags: Flags) =>
      run(async () => (await import('../commands/exec.ts')).exec(name, argv, flags)),
    );

  withCommon(program.command('prune'))
    .summary('remove what is ours, nobody has any more, and is confirmed dead')
    .description('Removes what was left by processes that were killed. Instances with a name stay, stopped ones too.')
    .option('-n, --dry-run', 'only say what would go')
    .action((flags: Flags & { readonly dryRun?: boolean }) =>
      run(async () => (await import('../commands/inventory.ts')).prune(flags)),
    );
}
