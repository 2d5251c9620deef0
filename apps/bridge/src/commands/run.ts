import { commandText } from '../command-text.ts';
import type { Flags } from '../options/settings.ts';
import { withRunner } from '../runner.ts';
import { createEphemeral, createNamed } from '../session.ts';
import { runTurn } from '../turn.ts';

/** `ccb run TEXT…`: one command. Returns the exit code. */
export function run(words: readonly string[], flags: Flags): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, async (runner) => {
    const text = await commandText(words, runner.stdin);
    const { keep } = runner.settings;
    const session = await (keep === undefined ? createEphemeral(runner, 'run') : createNamed(runner, keep, 'run'));
    try {
      return await runTurn(runner, session, text);
    } finally {
      await session.end();
    }
  });
}
