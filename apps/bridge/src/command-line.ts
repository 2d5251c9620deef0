import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { ImageBuildFlags } from './commands/image-build.ts';
import type { Flags } from './options/settings.ts';

export interface Verbs {
  chat(name: string | undefined, flags: Flags): Promise<void>;
  imageBuild(flags: ImageBuildFlags): Promise<void>;
  run(words: readonly string[], flags: Flags): Promise<void>;
}

const EPILOGUE = `
Text that begins with a dash goes after "--":
  ccb run --program shell -- 'ls -l | head -3'

Exit codes: 0, 1 the command failed, 2 usage, 3 instance or backend, 124 time-out, 130 SIGINT, 143 SIGTERM.`;

/** The grammar: verbs and options, no meaning. Nothing is printed but help; what is wrong is thrown. */
export function commandLine(verbs: Verbs): Command {
  const program = new Command('ccb')
    .description('Drives command-line coding agents: send commands, stream the answers.')
    .usage('[VERB] [OPTIONS]')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'show the help')
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', EPILOGUE);

  withOptions(program.command('chat'))
    .argument('[NAME]', 'an instance that exists; without it, one that is gone at the end')
    .summary('talk to an instance (on a terminal: what ccb does without a verb)')
    .description('One command after the other: typed at a prompt, or from a pipe, one on each line.')
    .action((name: string | undefined, flags: Flags) => verbs.chat(name, flags));

  withOptions(program.command('run'))
    .argument('[TEXT...]', 'the command, its words joined by a space; "-", or nothing on a pipe: all of stdin')
    .summary('run one command in an instance of its own')
    .description('Runs one command, writes its answer to stdout.')
    .option('--keep <name>', 'keep the instance under this name')
    .addHelpText('after', EPILOGUE)
    .action((words: string[], flags: Flags) => verbs.run(words, flags));

  withAppearance(
    program
      .command('image')
      .summary('build the image that containers run in')
      .description('The image that instances of the docker backend run in when --image names no other.')
      .helpCommand(false)
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
  ).action((flags: ImageBuildFlags) => verbs.imageBuild(flags));

  program
    .command('help')
    .argument('[VERB...]')
    .summary('show the help of a verb')
    .action(async (words: readonly string[]) => {
      let found: Command | undefined = program;
      for (const word of words) found = found?.commands.find((command) => command.name() === word);
      found?.help();
      await program.parseAsync([...words], { from: 'user' });
    });
  return program;
}

function withOptions(command: Command): Command {
  const instance = command
    .addOption(
      new Option(
        '--backend <type>',
        'where the instance lives: process (default), a tmux pane to look into, or contained in docker',
      ).choices(['process', 'docker', 'tmux']),
    )
    .option(
      '--program <name>',
      'what answers (default: claude if it is installed, in docker if the image is ccb/claude, else shell)',
    )
    .option('--program-arg <arg>', 'an argument for the program; may be repeated', collect)
    .addOption(
      new Option('--permission <mode>', 'what the program may do (default: ask on a terminal, else deny)').choices([
        'ask',
        'deny',
        'allow',
      ]),
    )
    .addOption(
      new Option('--login <whose>', 'whose login claude uses: its own (default), or yours in place').choices([
        'instance',
        'person',
      ]),
    )
    .option('--image <image>', 'with docker: what it runs in (default: ccb/claude, from "ccb image build")')
    .addOption(
      new Option('--transport <kind>', 'with docker: how the agent is reached (default: auto, what works)').choices([
        'auto',
        'fifo',
        'exec',
      ]),
    )
    .option('--network <name>', 'with docker: bridge (default), none, or the name of one')
    .option(
      '--user <uid[:gid]>',
      'with docker: who the program is (default: you; where you are root, the owner of the workspace)',
    )
    .option('--workspace <dir>', 'the directory to work in (default: this one)')
    .option('--env <K[=V]>', 'a variable for the program, K alone as it is here; may be repeated', collect)
    .option('--env-file <file>', 'variables for the program, a K=V each line; may be repeated', collect)
    .option('--timeout <duration>', 'end a command after 90, 90s, 5m or 1h')
    .option('--json', 'write each event as a line of JSON');
  return withAppearance(instance)
    .option('--home <dir>', 'where instances are kept (default: $CCB_HOME, else the state directory)')
    .option('--pass-exit-code', "exit with the program's own code");
}

function withAppearance(command: Command): Command {
  return command
    .option('-q, --quiet', 'say nothing but what went wrong')
    .option('-v, --verbose', 'show what happens inside, and the causes of errors')
    .addOption(new Option('--color <when>', 'colours on stderr').choices(['auto', 'always', 'never']));
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
