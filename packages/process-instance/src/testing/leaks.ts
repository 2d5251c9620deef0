import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, processesNaming, type Sandbox } from './sandbox.ts';

/** What instances of the sandbox have alive, or have left: processes, and directories with their FIFOs. */
export function leaksOf({ root, home, instanceIds }: Sandbox): readonly string[] {
  const pids = new Set([...processesNaming(root), ...processesOf(instanceIds)]);
  return [
    ...[...pids].filter(isAlive).map((pid) => `process ${pid}: ${commandLine(pid)}`),
    ...directories(join(home, 'instances')),
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
