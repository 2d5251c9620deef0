import { CommanderError } from 'commander';
import { EXIT, exitCodeOfError } from './exit-code.ts';
import { describeFailure } from './failure.ts';
import { commandLine } from './grammar/command-line.ts';
import { isInteractive } from './terminal/interactive.ts';
import { UsageError } from './usage-error.ts';

/** Runs a command line. Returns the exit code; never throws. */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.success;
  const program = commandLine(async (meaning) => {
    exitCode = await meaning();
  });
  if (args.length === 0 && !isInteractive()) {
    program.outputHelp({ error: true });
    return EXIT.usage;
  }
  try {
    await program.parseAsync(args.length === 0 ? ['chat'] : args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.success;
    // The help of a verb that needs another one was shown.
    if (error instanceof CommanderError && error.code === 'commander.help') return EXIT.usage;
    const failure = error instanceof CommanderError ? usageError(error) : error;
    complain(failure);
    return exitCodeOfError(failure);
  }
}

/** What nobody caught: a line instead of a stack. An instance without a name ends itself when ccb is gone. */
export function lastResort(error: Error): never {
  // The reader of the help had enough.
  if ('code' in error && error.code === 'EPIPE') process.exit(EXIT.brokenPipe);
  complain(error);
  process.exit(exitCodeOfError(error));
}

function complain(error: unknown): void {
  for (const line of describeFailure(error, { causes: false })) process.stderr.write(`ccb: ${line}\n`);
}

function usageError(error: CommanderError): UsageError {
  const [, what = '', suggestion = ''] = /^error: ([^\n]*)(?:\n\(([^\n]*)\))?/.exec(error.message) ?? [];
  const advice = suggestion || adviceFor(error.code);
  return new UsageError(`${what.charAt(0).toUpperCase()}${what.slice(1).replace(/\.$/, '')}. ${advice}`, {
    cause: error,
  });
}

function adviceFor(code: string): string {
  if (code === 'commander.unknownOption')
    return 'Options follow the verb; text that begins with a dash goes after "--".';
  return 'See ccb --help.';
}
