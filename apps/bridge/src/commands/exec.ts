import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import type { CallOptions, InstanceInterface } from '@ccb/instance-interface';
import { InstanceError } from '@ccb/instance-interface';
import { decodeInput } from '../lines.ts';
import { parseInstanceName } from '../options/instance-name.ts';
import type { Flags } from '../options/settings.ts';
import { type Runner, withRunner } from '../runner.ts';
import { withNamed } from '../session.ts';
import { UsageError } from '../usage-error.ts';

/** What an instance offers whose programs cannot be started from here. */
interface Executing {
  exec?(
    argv: readonly [string, ...string[]],
    options: CallOptions & { readonly input?: string | undefined },
  ): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }>;
}

/** `ccb exec NAME -- ARGV…`: a program of its own where the instance lives, beside what it does. The program's exit code. */
export function exec(name: string, argv: readonly string[], flags: Flags): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, async (runner) => {
    const [file, ...args] = argv;
    if (file === undefined)
      throw new UsageError(`There is nothing to run. Write ccb exec ${name} -- PROGRAM ARGUMENTS.`);
    return await withNamed(runner, parseInstanceName(name), { verb: 'exec', mode: 'observe' }, async ({ instance }) => {
      const executing: InstanceInterface & Executing = instance;
      if (executing.exec === undefined) return await here(instance, file, args);
      const input = process.stdin.isTTY ? undefined : decodeInput(await buffer(runner.stdin));
      const { timeoutMs } = runner.settings;
      const ended = await executing.exec([file, ...args], { input, timeoutMs, signal: runner.signals.leaving });
      await give(runner, ended);
      return ended.exitCode;
    });
  });
}

async function give(
  runner: Runner,
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
): Promise<void> {
  await runner.stdout.write(stdout, runner.signals.leaving);
  process.stderr.write(stderr);
}

/** On this machine, in the instance's workspace. */
async function here({ name, record }: InstanceInterface, file: string, args: readonly string[]): Promise<number> {
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  try {
    const child = spawn(file, args, { stdio: 'inherit', cwd: record.workspace });
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === 'SIGINT' ? 2 : 15);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InstanceError('CCB_PROGRAM_NOT_FOUND', `${file} cannot be run: ${why}.`, { cause, instance: name });
  } finally {
    process.off('SIGINT', ignore);
  }
}
