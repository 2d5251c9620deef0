import type { Command } from 'commander';
import { bashScript } from '../completion/bash.ts';
import { fishScript } from '../completion/fish.ts';
import { describeVerbs, type VerbDescription } from '../completion/verbs.ts';
import { zshScript } from '../completion/zsh.ts';
import { EXIT } from '../exit-code.ts';

type Shell = 'bash' | 'zsh' | 'fish';

const SCRIPTS: Readonly<Record<Shell, (verbs: readonly VerbDescription[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** `ccb completion SHELL`: a script on stdout, made of the grammar. Returns the exit code. */
export async function completion(shell: Shell, program: Command): Promise<number> {
  const script = SCRIPTS[shell](describeVerbs(program));
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(script, (error) => (error ? reject(error) : resolve()));
  });
  return EXIT.success;
}
