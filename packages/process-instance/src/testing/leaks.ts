import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessRecord } from '../process-data.ts';
import { isAlive, processesNaming, type Sandbox } from './sandbox.ts';

/**
 * What instances of the sandbox have alive, or have left: processes, and directories with their FIFOs.
 * @param spared those of them that live on
 */
export function leaksOf(
  { root, home, instanceIds }: Sandbox,
  spared: readonly ProcessRecord[] = [],
): readonly string[] {
  const owned = spared.map(({ data }) => data.directory);
  const theirs = new Set([
    ...owned.flatMap((directory) => processesNaming(`${directory}/`)),
    ...processesOf(spared.map(({ data }) => data.instanceId)),
  ]);
  const pids = new Set([...processesNaming(root), ...processesOf(instanceIds)]);
  return [
    ...[...pids].filter((pid) => !theirs.has(pid) && isAlive(pid)).map((pid) => `process ${pid}: ${commandLine(pid)}`),
    ...directories(join(home, 'instances')).filter(
      (path) => !owned.some((directory) => `${path}/`.startsWith(`${directory}/`)),
    ),
  ];
}

/** The programs of these instances, and what they started. */
export function processesOf(instanceIds: readonly string[]): number[] {
  const marks = new Set(instanceIds.map((id) => `CCB_INSTANCE=${id}`));
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid)
    .filter((pid) =>
      contentOf(`/proc/${pid}/environ`)
        .split('\0')
        .some((variable) => marks.has(variable)),
    );
}

function commandLine(pid: number): string {
  return contentOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Gone, or somebody else's.
    return '';
  }
}

function directories(path: string): string[] {
  try {
    return readdirSync(path, { recursive: true, encoding: 'utf8' }).map((entry) => join(path, entry));
  } catch (error) {
    // Nothing was ever created, or it vanished while it was listed.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
