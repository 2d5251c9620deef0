import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessStat {
  /** One letter as in proc(5): R, S, D, T, t, Z, X … */
  readonly state: string;
  readonly group: number;
  /** In clock ticks since boot: with the number it names one process for ever. */
  readonly startTime: string;
}

/** What /proc says of a process; undefined when it is gone. */
export function processStat(pid: number): ProcessStat | undefined {
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name in parentheses may hold anything, spaces and parentheses included.
  const rest = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return { state: rest[0] ?? '', group: Number(rest[2]), startTime: rest[19] ?? '' };
}

export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

/** Processes whose environment holds `entry` (NAME=value) and that this user may look into, itself excepted. */
export function processesWith(entry: string): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isSafeInteger(pid) || pid < 2 || pid === process.pid) continue;
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
      if (`\0${environment}`.includes(`\0${entry}\0`)) found.push(pid);
    } catch {
      // gone, or somebody else's
    }
  }
  return found;
}
