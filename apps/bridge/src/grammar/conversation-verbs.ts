import type { Command } from 'commander';
import type { ResumeFlags } from '../commands/resume.ts';
import type { SendFlags } from '../commands/send.ts';
import type { Flags } from '../options/settings.ts';
import type { Run } from './command-line.ts';
import { withCommand, withCommon, withEnvironment, withSending, withWait } from './options.ts';

const EACH = { json: 'write each event as a line of JSON' };

/** What sends commands and shows answers. */
export function conversationVerbs(program: Command, run: Run): void {
  program.commandsGroup('Talk:');
  withWait(withSending(program.command('chat')))
    .argument('[NAME]', 'an instance that exists; without it, one that is gone at the end')
    .summary('talk to an instance (on a terminal: what ccb does without a verb)')
    .description('One command after the other: typed at a prompt, or from a pipe, one on each line.')
    .addHelpText('after', '\nExamples:\n  ccb chat\n  ccb chat work\n  ccb chat --program shell < commands.txt')
    .action((name: string | undefined, flags: Flags) =>
      run(async () => (await import('../commands/chat.ts')).chat(name, flags)),
    );

  withSending(program.command('run'))
    .argument('[TEXT...]', 'the command, its words joined by a space; "-", or nothing on a pipe: all of stdin')
    .summary('run one command in an instance of its own')
    .description('Runs one command, writes its answer to stdout.')
    .option('--keep <name>', 'keep the instance under this name')
    .addHelpText(
      'after',
      '\nText that begins with a dash goes after "--".\n\nExamples:\n  ccb run "Explain this repository in three sentences."\n  git diff | ccb run -\n  ccb run --backend docker --env ANTHROPIC_API_KEY --timeout 10m "Mend the failing test."',
    )
    .action((words: string[], flags: Flags) => run(async () => (await import('../commands/run.ts')).run(words, flags)));

  withWait(withCommon(withCommand(withEnvironment(program.command('send'))), EACH))
    .argument('<NAME>')
    .argument('[TEXT...]', 'the command, its words joined by a space; "-", or nothing on a pipe: all of stdin')
    .summary('send one command to an instance that stays')
    .description('Sends one command, writes its answer to stdout. An instance that is stopped is started.')
    .option('--detach', 'print the id of the command and leave: it goes on, and "ccb resume" shows its answer')
    .option('--id <id>', 'an id of your own: the same id again is the same command, which is not run twice')
    .addHelpText(
      'after',
      '\nExamples:\n  ccb send work "What changed since yesterday?"\n  ccb send work - < question.txt\n  id=$(ccb send work --detach "Run all tests.") && ccb resume work "$id"',
    )
    .action((name: string, words: string[], flags: SendFlags) =>
      run(async () => (await import('../commands/send.ts')).send(name, words, flags)),
    );

  withWait(withCommon(withCommand(withEnvironment(program.command('resume'))), EACH))
    .argument('<NAME>')
    .argument('[ID]', 'of a command; without it, the one that runs, else the last one')
    .summary('show the answer of a command that was sent before')
    .description('Shows the answer of a command that was sent before, from its beginning, and goes on to its end.')
    .option('--after <cursor>', 'only what came after this place, as --json gives it')
    .addHelpText('after', '\nExamples:\n  ccb resume work\n  ccb resume work 3f0c… --after "$cursor" --json')
    .action((name: string, id: string | undefined, flags: ResumeFlags) =>
      run(async () => (await import('../commands/resume.ts')).resume(name, id, flags)),
    );

  withWait(withCommon(withCommand(program.command('wait'))))
    .argument('<NAME>')
    .argument('[ID]', 'of a command; without it, the one that runs, else the last one')
    .summary('wait for the end of a command; its exit code')
    .description('Waits until a command that was sent before has ended, and exits as that did. Prints nothing.')
    .action((name: string, id: string | undefined, flags: Flags) =>
      run(async () => (await import('../commands/resume.ts')).wait(name, id, flags)),
    );

  withCommon(program.command('interrupt'))
    .argument('<NAME>')
    .summary('end the running command, whoever sent it')
    .description('Ends the running command, whoever sent it. The instance and what is queued go on.')
    .action((name: string, flags: Flags) =>
      run(async () => (await import('../commands/inspection.ts')).interrupt(name, flags)),
    );

  withCommon(withCommand(withEnvironment(program.command('attach'))), EACH)
    .argument('<NAME>')
    .summary('go and see: the terminal of a pane, else the live answers and a prompt')
    .description(
      'With tmux your terminal becomes that of the program (leave it with C-b d). Else what runs is shown live, and you get a prompt; where somebody else holds the instance you look on.',
    )
    .action((name: string, flags: Flags) =>
      run(async () => (await import('../commands/attach.ts')).attach(name, flags)),
    );
}
