import type { HistoryEntry, InstanceInfo, InstanceRecord } from '@ccb/instance-interface';
import { EXIT } from '../exit-code.ts';
import { parseInstanceName } from '../options/instance-name.ts';
import type { Flags } from '../options/settings.ts';
import { withRunner } from '../runner.ts';
import { withNamed } from '../session.ts';
import { printable } from '../terminal/printable.ts';
import { Report } from '../terminal/report.ts';
import { UsageError } from '../usage-error.ts';
import { particulars } from './inventory.ts';

/** `ccb info NAME`: what is known now, asked beside whoever holds it. Returns the exit code. */
export function info(name: string, flags: Flags): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, (runner) =>
    withNamed(runner, parseInstanceName(name), { verb: 'info', mode: 'observe' }, async ({ instance }) => {
      const found = await instance.getInfo({ signal: runner.signals.leaving });
      const report = new Report(runner);
      if (runner.settings.json) await report.json({ ...found, record: instance.record });
      else await report.text(described(found, instance.record));
      return EXIT.success;
    }),
  );
}

function described(found: InstanceInfo, record: InstanceRecord): string {
  const { program, command, holder, attachCommand, pingMs } = found;
  const lines: readonly (readonly [string, string | number | undefined])[] = [
    ['name', found.name],
    ['state', found.state],
    ['problem', found.problem],
    ['backend', found.type],
    ['program', [program.name, program.version].filter((part) => part !== undefined).join(' ')],
    ['pid', program.pid],
    ['workspace', record.workspace],
    ['created', found.createdAt],
    ['started', found.startedAt],
    ['transport', found.transport],
    ['ping', pingMs === undefined ? undefined : `${pingMs.toFixed(1)} ms`],
    [
      'command',
      command &&
        `${command.id} since ${command.startedAt}${command.waitingFor ? `, waits for a ${command.waitingFor}` : ''}`,
    ],
    ['queued', found.queued || undefined],
    ['held by', holder && `process ${holder.pid} (${holder.command}) since ${holder.since}`],
    ['attach', attachCommand?.join(' ')],
    ...particulars(record),
  ];
  return lines
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([title, value]) => `${title.padEnd(10)} ${printable(String(value))}\n`)
    .join('');
}

export interface HistoryFlags extends Flags {
  readonly follow?: boolean | undefined;
  readonly after?: string | undefined;
}

/** `ccb history NAME`: commands and answers, as they were written down. */
export function history(name: string, flags: HistoryFlags): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, async (runner) => {
    const { signals, answer, settings, backends, notices } = runner;
    const report = new Report(runner);
    const { follow, after } = flags;
    const entries = backends.manager.history(parseInstanceName(name), { follow, after, signal: signals.leaving });
    for await (const entry of entries) {
      if (settings.json) await report.json(entry);
      else if (entry.type === 'command') await report.text(`> ${entry.text.replaceAll('\n', '\n> ')}\n`);
      else {
        await answer.write(entry, signals.leaving);
        if (entry.type === 'end') {
          await answer.finish(signals.leaving);
          const said = ending(entry);
          if (said !== undefined) notices.info(said);
        }
      }
    }
    return EXIT.success;
  });
}

function ending({ result }: Extract<HistoryEntry, { readonly type: 'end' }>): string | undefined {
  return result.success ? undefined : `${result.status}: ${printable(result.error.message)}`;
}

export interface LogFlags extends Flags {
  readonly follow?: boolean | undefined;
  readonly tail?: string | undefined;
}

/** `ccb logs NAME`: what it has to say beside its answers. */
export function logs(name: string, flags: LogFlags): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, async (runner) => {
    const { follow } = flags;
    const tail = flags.tail === undefined ? undefined : parseCount('--tail', flags.tail);
    const report = new Report(runner);
    const pieces = runner.backends.manager.logs(parseInstanceName(name), {
      follow,
      tail,
      signal: runner.signals.leaving,
    });
    for await (const piece of pieces) await (runner.settings.json ? report.json({ text: piece }) : report.text(piece));
    return EXIT.success;
  });
}

function parseCount(option: string, value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new UsageError(`${option} "${value}" is no number of lines. Write ${option} 100.`);
}

/** `ccb interrupt NAME`: ends the running command, whoever sent it. */
export function interrupt(name: string, flags: Flags): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, (runner) =>
    withNamed(runner, parseInstanceName(name), { verb: 'interrupt', mode: 'observe' }, async ({ instance }) => {
      const { signals, settings, notices } = runner;
      const ended = await instance.interrupt({ signal: signals.leaving, timeoutMs: settings.timeoutMs });
      if (settings.json) await new Report(runner).json({ interrupted: ended });
      else notices.info(ended ? 'interrupted' : 'no command was running');
      return EXIT.success;
    }),
  );
}
