import { join } from 'node:path';
import { InstanceError } from '@ccb/instance-interface';
import { EXIT } from '../exit-code.ts';
import { lines } from '../lines.ts';
import { parseInstanceName } from '../options/instance-name.ts';
import { refuseOtherOrigin } from '../options/origin.ts';
import type { Flags } from '../options/settings.ts';
import { type Runner, withRunner } from '../runner.ts';
import { createEphemeral, openNamed, type Session } from '../session.ts';
import { ChatHistory } from '../terminal/chat-history.ts';
import { ChatPrompt } from '../terminal/chat-prompt.ts';
import { runTurn } from '../turn.ts';
import { UsageError } from '../usage-error.ts';

/** `ccb chat [NAME]`: one command after the other. Returns the exit code. */
export function chat(name: string | undefined, flags: Flags): Promise<number> {
  return withRunner(flags, { endLine: 'always' }, async (runner) => {
    const session = await (name === undefined
      ? createEphemeral(runner, 'chat')
      : openNamed(runner, parseInstanceName(name), {
          verb: 'chat',
          check: (record) => refuseOtherOrigin(flags, record),
        }));
    try {
      return await (runner.interactive ? chatWithPerson(runner, session) : chatWithPipe(runner, session));
    } finally {
      await session.end();
    }
  });
}

/** A failed command does not end the chat; it shows in the exit code. */
async function chatWithPipe(runner: Runner, session: Session): Promise<number> {
  let exitCode: number = EXIT.success;
  for await (const line of lines(runner.stdin)) {
    if (line.trim() === '') continue;
    const ended = await runTurn(runner, session, line);
    if (ended !== EXIT.success) exitCode = runner.settings.passExitCode ? ended : EXIT.commandFailed;
  }
  return exitCode;
}

/** The person sees what fails, so leaving is always a success. */
export async function chatWithPerson(runner: Runner, session: Session): Promise<number> {
  const history = new ChatHistory(join(runner.backends.home, 'chat_history'));
  const prompt = new ChatPrompt({
    input: process.stdin,
    output: process.stderr,
    prompt: `${session.program}> `,
    history,
  });
  for (;;) {
    const line = await prompt.next(runner.signals.leaving);
    if (line === undefined) return EXIT.success;
    if (line.trim() === '') continue;
    try {
      await runTurn(runner, session, line);
    } catch (error) {
      if (!InstanceError.is(error) && !(error instanceof UsageError)) throw error;
      runner.notices.failure(error);
    }
  }
}
