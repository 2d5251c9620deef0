import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { InstanceError } from '@ccb/instance-interface';
import { EXIT } from '../exit-code.ts';
import { parseInstanceName } from '../options/instance-name.ts';
import type { Flags } from '../options/settings.ts';
import { type Runner, withRunner } from '../runner.ts';
import { openNamed, type Session, withNamed } from '../session.ts';
import { runCommand } from '../turn.ts';
import { UsageError } from '../usage-error.ts';
import { chatWithPerson } from './chat.ts';

/**
 * `ccb attach NAME`: the terminal itself where the program has one, else what it answers, live, and a prompt. Returns the
 * exit code.
 */
export function attach(name: string, flags: Flags): Promise<number> {
  return withRunner(flags, { endLine: 'always' }, async (runner) => {
    const instanceName = parseInstanceName(name);
    const argv = await attachCommand(runner, instanceName);
    if (argv !== undefined) return await handOver(argv, runner.interactive);
    try {
      const session = await openNamed(runner, instanceName, { verb: 'attach' });
      try {
        return await join(runner, session);
      } finally {
        await session.end();
      }
    } catch (error) {
      if (!InstanceError.is(error, 'CCB_LOCKED')) throw error;
      runner.notices.info(`${error.message.split('. ')[0]}: you can look on. Ctrl-C leaves.`);
      return await lookOn(runner, instanceName);
    }
  });
}

function attachCommand(runner: Runner, name: string): Promise<readonly string[] | undefined> {
  return withNamed(runner, name, { verb: 'attach', mode: 'observe' }, async ({ instance }) => {
    const { attachCommand: argv } = await instance.getInfo({ signal: runner.signals.leaving });
    // Without a terminal there would be nothing to attach to.
    if (argv !== undefined && !(await instance.isRunning()))
      throw new InstanceError('CCB_INVALID_STATE', `${name} does not run. Start it with "ccb start ${name}".`);
    return argv;
  });
}

async function handOver([file = '', ...args]: readonly string[], interactive: boolean): Promise<number> {
  if (!interactive) throw new UsageError('ccb attach hands over a terminal. Run it on one.');
  // The program of the terminal gets what is typed, Ctrl-C too.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  try {
    const child = spawn(file, args, { stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? EXIT.instance;
  } catch (cause) {
    throw new InstanceError('CCB_BACKEND_UNREACHABLE', `${file} cannot be run. Install it.`, { cause });
  } finally {
    process.off('SIGINT', ignore);
  }
}

/** What runs already is shown to its end; then it is a chat. */
async function join(runner: Runner, session: Session): Promise<number> {
  const { command } = await session.instance.getInfo({ signal: runner.signals.leaving });
  if (command !== undefined) {
    const stream = session.instance.resumeCommand(command.id, { permission: runner.permission });
    const exitCode = await runCommand(runner, session, stream);
    if (!runner.interactive) return exitCode;
  }
  return runner.interactive ? await chatWithPerson(runner, session) : EXIT.success;
}

/** Beside whoever holds it. */
function lookOn(runner: Runner, name: string): Promise<number> {
  return withNamed(runner, name, { verb: 'attach', mode: 'observe' }, async ({ instance }) => {
    const { leaving } = runner.signals;
    for await (const entry of instance.history({ follow: true, signal: leaving })) {
      if (entry.type === 'command') runner.notices.info(`> ${entry.text.split('\n', 1)[0]}`);
      else await runner.answer.write(entry, leaving);
      if (entry.type === 'end') await runner.answer.finish(leaving);
    }
    return EXIT.success;
  });
}
