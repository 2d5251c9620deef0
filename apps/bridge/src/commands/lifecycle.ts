import type { InstanceInterface } from '@ccb/instance-interface';
import { EXIT, exitCodeOfError } from '../exit-code.ts';
import { parseInstanceName } from '../options/instance-name.ts';
import type { Flags } from '../options/settings.ts';
import { type Runner, withRunner } from '../runner.ts';
import { withNamed } from '../session.ts';

type Work = (instance: InstanceInterface, runner: Runner) => Promise<void>;

/** `ccb start NAME…`: Returns the exit code. */
export function start(names: readonly string[], flags: Flags): Promise<number> {
  return ofEach('start', names, flags, async (instance, { signals, settings }) => {
    if (!(await instance.isRunning())) await instance.start({ signal: signals.leaving, timeoutMs: settings.timeoutMs });
  });
}

/** `ccb stop NAME…`: also beside whoever holds them. */
export function stop(names: readonly string[], flags: Flags): Promise<number> {
  return ofEach('stop', names, flags, end, 'observe');
}

/** `ccb restart NAME…` */
export function restart(names: readonly string[], flags: Flags): Promise<number> {
  return ofEach('restart', names, flags, async (instance, runner) => {
    await end(instance, runner);
    await instance.start({ signal: runner.signals.leaving, timeoutMs: runner.settings.timeoutMs });
  });
}

const end: Work = async (instance, { signals, settings }) => {
  await instance.stop({ signal: signals.leaving, timeoutMs: settings.timeoutMs });
};

/** `ccb rm NAME…` */
export function remove(names: readonly string[], flags: Flags & { readonly force?: boolean }): Promise<number> {
  return each(names, flags, async (name, { backends, signals, status }) => {
    status.start(`removing ${name}`);
    const { force } = flags;
    await backends.manager.remove(name, { force, signal: signals.leaving, holder: `ccb rm ${name}` });
  });
}

function ofEach(verb: string, names: readonly string[], flags: Flags, work: Work, mode?: 'observe'): Promise<number> {
  return each(names, flags, (name, runner) =>
    withNamed(runner, name, { verb, mode }, async ({ instance }) => {
      runner.status.start(`${verb} ${name}`);
      await work(instance, runner);
    }),
  );
}

/** One that fails does not keep the others from it; the worst exit code is that of all. */
function each(
  names: readonly string[],
  flags: Flags,
  work: (name: string, runner: Runner) => Promise<void>,
): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, async (runner) => {
    let exitCode: number = EXIT.success;
    for (const name of names.map(parseInstanceName)) {
      try {
        await work(name, runner);
      } catch (error) {
        runner.signals.leaving.throwIfAborted();
        runner.notices.failure(error);
        exitCode = Math.max(exitCode, exitCodeOfError(error));
      } finally {
        runner.status.stop();
      }
    }
    return exitCode;
  });
}
