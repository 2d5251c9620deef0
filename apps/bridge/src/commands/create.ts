import { parseInstanceName } from '../options/instance-name.ts';
import type { Flags } from '../options/settings.ts';
import { withRunner } from '../runner.ts';
import { adoptNamed, createNamed, type Session, type SessionContext } from '../session.ts';
import { Report } from '../terminal/report.ts';
import { UsageError } from '../usage-error.ts';

/** `ccb create NAME`: an instance that stays, started, so that what is wrong shows now. Returns the exit code. */
export function create(name: string, flags: Flags): Promise<number> {
  return make(flags, (runner) => createNamed(runner, parseInstanceName(name), 'create'));
}

/** `ccb adopt NAME TARGET`: an instance of a container or a tmux session that is there. */
export function adopt(name: string, target: string, flags: Flags): Promise<number> {
  return make(flags, async (runner) => {
    if (runner.settings.backend === 'process')
      throw new UsageError('What is adopted lives somewhere else. Add --backend docker or --backend tmux.');
    return await adoptNamed(runner, parseInstanceName(name), target);
  });
}

function make(flags: Flags, work: (runner: SessionContext) => Promise<Session>): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, async (runner) => {
    const session = await work(runner);
    try {
      runner.status.start(`starting ${session.program}`);
      await session.instance.start({ signal: runner.signals.leaving, timeoutMs: runner.settings.timeoutMs });
    } finally {
      runner.status.stop();
      await session.end();
    }
    const { record } = session.instance;
    if (runner.settings.json) await new Report(runner).json(record);
    else await new Report(runner).text(`${record.name}\n`);
    return 0;
  });
}
