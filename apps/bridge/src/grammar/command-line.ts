import { Command } from 'commander';
import { packageVersion } from '../package-version.ts';
import { conversationVerbs } from './conversation-verbs.ts';
import { instanceVerbs } from './instance-verbs.ts';
import { machineVerbs } from './machine-verbs.ts';

/** Runs what a verb means, whose exit code is that of ccb. What it needs is loaded in it. */
export type Run = (meaning: () => Promise<number>) => Promise<void>;

const EPILOGUE = `
Examples:
  ccb run --program shell -- 'ls -l | head -3'     one command, in an instance of its own
  ccb create work --backend docker                 an instance that stays, in a container
  ccb send work "What is in this directory?"       one command to it
  ccb attach work                                  go and see

"ccb help VERB" says more. Text that begins with a dash goes after "--".
Exit codes: 0, 1 the command failed, 2 usage, 3 instance or backend, 124 time-out, 130 SIGINT, 143 SIGTERM.`;

/** The grammar: verbs and options, no meaning. Nothing is printed but help; what is wrong is thrown. */
export function commandLine(run: Run): Command {
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
  conversationVerbs(program, run);
  instanceVerbs(program, run);
  machineVerbs(program, run);
  program
    .commandsGroup('About ccb:')
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
