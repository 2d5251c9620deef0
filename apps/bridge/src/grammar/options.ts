import { type Command, Option } from 'commander';

/** What a new instance is made of. */
export function withInstance(command: Command): Command {
  return command
    .option(
      '--backend <type>',
      'where the instance lives: process (default), a tmux pane to look into, contained in docker, or one of the configuration',
    )
    .option(
      '--program <name>',
      'what answers (default: claude if it is installed, in docker if the image is ccb/claude, else shell)',
    )
    .option('--program-arg <arg>', 'an argument for the program; may be repeated', collect)
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
    .option('--workspace <dir>', 'the directory to work in (default: this one)');
}

/** What a program is given when it starts. */
export function withEnvironment(command: Command): Command {
  return command
    .option('--env <K[=V]>', 'a variable for the program, K alone as it is here; may be repeated', collect)
    .option('--env-file <file>', 'variables for the program, a K=V each line; may be repeated', collect);
}

/** How a command is run. */
export function withCommand(command: Command): Command {
  return command
    .addOption(
      new Option('--permission <mode>', 'what the program may do (default: ask on a terminal, else deny)').choices([
        'ask',
        'deny',
        'allow',
      ]),
    )
    .option('--pass-exit-code', "exit with the program's own code");
}

export function withWait(command: Command): Command {
  return command.option('--wait', 'wait for whoever holds the instance now, instead of failing');
}

/** What every verb has. */
export function withCommon(
  command: Command,
  { json = 'write JSON, an object a line' }: { readonly json?: string | undefined } = {},
): Command {
  return withAppearance(command.option('--timeout <duration>', 'end it, or give up, after 90, 90s, 5m or 1h'))
    .option('--json', json)
    .option('--home <dir>', 'where instances are kept (default: $CCB_HOME, else the state directory)');
}

export function withAppearance(command: Command): Command {
  return command
    .option('-q, --quiet', 'say nothing but what went wrong')
    .option('-v, --verbose', 'show what happens inside, and the causes of errors')
    .addOption(new Option('--color <when>', 'colours').choices(['auto', 'always', 'never']));
}

/** Of a command that is sent: all of the above. */
export function withSending(command: Command): Command {
  const each = 'write each event as a line of JSON';
  return withCommon(withCommand(withEnvironment(withInstance(command))), { json: each });
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
