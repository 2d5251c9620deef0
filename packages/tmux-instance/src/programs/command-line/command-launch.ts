import { basename } from 'node:path';
import type { CompletionChoice } from '../../completion/completion-choice.ts';
import type { Launch, Surroundings } from '../program.ts';

/** How a command line is launched. A python that is to mark its prompts gets the file that makes it do so. @param startup that file */
export function commandLaunch(
  argv: readonly [string, ...string[]],
  surroundings: Surroundings,
  startup: string,
  choices: readonly CompletionChoice[],
): () => Launch {
  const { env, workspace: cwd } = surroundings;
  const marks = choices.includes('osc133') && /^python[0-9.]*$/.test(basename(argv[0]));
  return () => ({
    argv,
    cwd,
    env: marks
      ? {
          ...env,
          CCB_NONCE: surroundings.nonce(),
          PYTHONSTARTUP: startup,
          ...(env.PYTHONSTARTUP !== undefined && { CCB_PYTHONSTARTUP: env.PYTHONSTARTUP }),
        }
      : env,
  });
}
