import { parseInstanceName } from '../options/instance-name.ts';
import { settled } from '../options/origin.ts';
import type { Flags } from '../options/settings.ts';
import { withRunner } from '../runner.ts';
import { age } from '../terminal/age.ts';
import { Report } from '../terminal/report.ts';

/** `ccb ls`: the instances with names; `all`: also those that end with whoever uses them. Returns the exit code. */
export function list(flags: Flags & { readonly all?: boolean | undefined }): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, async (runner) => {
    const { manager, home } = runner.backends;
    const all = await manager.list({ signal: runner.signals.leaving, timeoutMs: runner.settings.timeoutMs });
    const found = all.filter(({ ephemeral }) => flags.all === true || !ephemeral);
    await new Report(runner).rows(
      found,
      ['NAME', 'STATE', 'BACKEND', 'PROGRAM', 'CREATED', 'WORKSPACE', 'HELD BY'],
      ({ name, state, record, holder, problem }) => [
        name,
        state,
        record?.type ?? '?',
        record?.program ?? '?',
        record === undefined ? '?' : age(record.createdAt),
        record?.workspace ?? '-',
        holder ? `${holder.command} (${holder.pid})` : (problem ?? ''),
      ],
      `There is no instance in ${home}. Make one with "ccb create NAME".`,
    );
    return 0;
  });
}

/** `ccb discover`: what there is, also what could be adopted. */
export function discover(flags: Flags): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, async (runner) => {
    const found = await runner.backends.manager.discover({ signal: runner.signals.leaving });
    await new Report(runner).rows(
      found,
      ['BACKEND', 'NAME', 'OURS', 'WHAT IT IS'],
      ({ type, name, ours, description }) => [type, name ?? '-', ours ? 'yes' : 'no', description],
      'Nothing was found.',
    );
    return 0;
  });
}

/** `ccb prune`: removes what nobody has any more; `dryRun`: only says so. */
export function prune(flags: Flags & { readonly dryRun?: boolean | undefined }): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, async (runner) => {
    const { dryRun = false } = flags;
    const pruned = await runner.backends.manager.prune({ dryRun, signal: runner.signals.leaving });
    await new Report(runner).rows(
      pruned,
      ['BACKEND', 'NAME', dryRun ? 'WOULD REMOVE' : 'REMOVED'],
      ({ type, name, description, problem }) => [
        type,
        name ?? '-',
        problem === undefined ? description : `${description}: ${problem}`,
      ],
      'There is nothing to remove.',
    );
    return 0;
  });
}

/** `ccb rename OLD NEW` */
export function rename(name: string, next: string, flags: Flags): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, async (runner) => {
    await runner.backends.manager.rename(parseInstanceName(name), parseInstanceName(next), {
      signal: runner.signals.leaving,
    });
    return 0;
  });
}

/** `ccb config`: what holds, and where each value comes from. */
export function config(flags: Flags): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, async (runner) => {
    await new Report(runner).rows(
      runner.configuration.settings,
      ['SETTING', 'VALUE', 'FROM', 'WHERE'],
      ({ key, value, source, origin }) => [
        key,
        typeof value === 'string' ? value : JSON.stringify(value),
        source,
        origin,
      ],
      'Nothing is configured: what holds is in "ccb help run".',
    );
    return 0;
  });
}

/** What of a record is of interest to people, beside what every record has. */
export function particulars(record: Parameters<typeof settled>[0]): readonly (readonly [string, string])[] {
  const fields = [
    ['image', 'imageName'],
    ['container', 'containerName'],
    ['session', 'session'],
    ['socket', 'socket'],
    ['directory', 'directory'],
  ] as const;
  return fields.flatMap(([title, field]) => {
    const value = settled(record, field);
    return value === undefined ? [] : [[title, value] as const];
  });
}
