import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the next host must know of a launch. */
export interface LaunchRecord {
  readonly nonce: string;
  readonly pid: number;
}

const file = 'launch.json';

export function writeLaunch(state: string, launch: LaunchRecord): void {
  const path = join(state, file);
  writeFileSync(`${path}.new`, JSON.stringify({ ...launch, begun: beginning(launch.pid) }), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** The last launch; `alive`: that very process lives. Undefined: there was none. */
export function readLaunch(state: string): (LaunchRecord & { readonly alive: boolean }) | undefined {
  try {
    const { nonce, pid, begun } = JSON.parse(readFileSync(join(state, file), 'utf8')) as Record<string, unknown>;
    if (typeof nonce !== 'string' || typeof pid !== 'number') return undefined;
    return { nonce, pid, alive: begun !== undefined && beginning(pid) === begun };
  } catch {
    return undefined;
  }
}

/** When a process began, in clock ticks since the boot; process numbers are used again. */
function beginning(pid: number): string | undefined {
  return statOf(pid)?.[19];
}

/** The fields of `/proc/<pid>/stat` from the third (its state) on; undefined: it is gone. */
export function statOf(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name may hold spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
