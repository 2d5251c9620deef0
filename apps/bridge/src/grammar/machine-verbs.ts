import { Argument, type Command, Option } from 'commander';
import type { ImageBuildFlags } from '../commands/image-build.ts';
import type { Flags } from '../options/settings.ts';
import type { Run } from './command-line.ts';
import { withAppearance, withCommand, withCommon, withEnvironment, withInstance } from './options.ts';

/** What is about this machine, and for other programs. */
export function machineVerbs(program: Command, run: Run): void {
  program.commandsGroup('For editors:');
  withCommon(withCommand(withEnvironment(withInstance(program.command('acp')))), { json: 'changes nothing' })
    .argument('[NAME]', 'the instance of the first session; without it, each session gets one of its own')
    .summary('be an Agent Client Protocol agent on stdin and stdout')
    .description(
      'For Zed, JetBrains, Neovim, Emacs: each session of the editor is an instance, which stays and can be loaded again. Permissions are asked at the editor, unless --permission says otherwise.',
    )
    .addHelpText('after', '\nExamples:\n  ccb acp --backend docker --env ANTHROPIC_API_KEY\n  ccb acp work')
    .action((name: string | undefined, flags: Flags) =>
      run(async () => (await import('../commands/acp.ts')).acp(name, program.version() ?? '', flags)),
    );

  program.commandsGroup('This machine:');
  withCommon(program.command('doctor'))
    .summary('look at what this machine has and lacks, and how to mend it')
    .description(
      'Looks at engine, containers, tmux, Claude Code, disk and leftovers, for real: a container is made and removed.',
    )
    .option('--image <image>', 'what the container is made of (default: ccb/claude)')
    .action((flags: Flags) => run(async () => (await import('../commands/doctor.ts')).doctor(flags)));

  withCommon(program.command('discover'))
    .summary('list what there is, also what could be adopted')
    .action((flags: Flags) => run(async () => (await import('../commands/inventory.ts')).discover(flags)));

  const image = program
    .command('image')
    .summary('build the image that containers run in')
    .description('The image that instances of the docker backend run in when --image names no other.')
    .helpCommand(false);
  withAppearance(
    image
      .command('build')
      .description('Builds the image that containers run in by default, with Claude Code. Writes its name to stdout.')
      .addOption(
        new Option(
          '--from <source>',
          "registry: a base image, Debian packages and npm; host: this machine's own programs; auto: the first, or the second where there is no network (default)",
        ).choices(['registry', 'host', 'auto']),
      )
      .option('--name <image>', 'its name (default: ccb/claude, which --image need not name)')
      .option('--claude-version <version>', 'of Claude Code, from npm: 2.1.330, or latest (default: the tested one)')
      .option('--timeout <duration>', 'give up after 90, 90s, 5m or 1h (default: 15m)'),
  ).action((flags: ImageBuildFlags) => run(async () => (await import('../commands/image-build.ts')).imageBuild(flags)));

  withCommon(program.command('config'))
    .summary('show what is configured, and where each value comes from')
    .description(
      'Options win over the environment (CCB_*), that over the nearest ccb.json here or above, that over your own file.',
    )
    .action((flags: Flags) => run(async () => (await import('../commands/inventory.ts')).config(flags)));

  program
    .command('completion')
    .addArgument(new Argument('<SHELL>').choices(['bash', 'zsh', 'fish']))
    .summary('print a script that completes verbs, options and names')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  source <(ccb completion bash)',
        '  ccb completion zsh > "$fpath[1]/_ccb"',
        '  ccb completion fish > ~/.config/fish/completions/ccb.fish',
      ].join('\n'),
    )
    .action((shell: 'bash' | 'zsh' | 'fish') =>
      run(async () => (await import('../commands/completion.ts')).completion(shell, program)),
    );
}
