import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** bytes */
export interface Memory {
  readonly resident: number;
  /** The most that was ever resident. */
  readonly peak: number;
  readonly anonymous: number;
}

export function memoryOf(pid: number): Memory | undefined {
  const status = read(`/proc/${pid}/status`);
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
  const resident = field('VmRSS');
  return resident === 0 ? undefined : { resident, peak: field('VmHWM'), anonymous: field('RssAnon') };
}

export function commandLineOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

/** Alive; a zombie is not. */
export function isAlive(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

/** Processes with `variable` (NAME=value) in their environment. */
export function carrying(variable: string): number[] {
  return allProcesses().filter(
    (pid) => `\0${read(`/proc/${pid}/environ`)}`.includes(`\0${variable}\0`) && isAlive(pid),
  );
}

/** Processes that were started with a path below `directory`. */
export function namedAfter(directory: string): number[] {
  return allProcesses().filter((pid) => commandLineOf(pid).includes(directory) && isAlive(pid));
}

/** Files below `directory` that any process has open, this one included. */
export function openBelow(directory: string): string[] {
  return [...allProcesses(), process.pid].flatMap((pid) =>
    descriptors(pid).flatMap((fd) => {
      const target = link(`/proc/${pid}/fd/${fd}`);
      return target.startsWith(`${directory}/`) ? [`process ${pid} has ${target} open`] : [];
    }),
  );
}

/** Sockets and pipes of this process. */
export function ownConnections(): string[] {
  return descriptors(process.pid)
    .map((fd) => link(`/proc/self/fd/${fd}`))
    .filter((target) => /^(socket|pipe):/.test(target));
}

function allProcesses(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isSafeInteger(pid) && pid > 1 && pid !== process.pid);
}

function descriptors(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
