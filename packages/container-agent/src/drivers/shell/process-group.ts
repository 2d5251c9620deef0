import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_MS = 20;
/** ms that processes may take to be gone after SIGKILL. */
const KILLED_MS = 2_000;

export interface GroupMember {
  readonly parent: number;
  /** In clock ticks since boot: with the pid it names one process for ever. */
  readonly startTime: string;
}

/** By pid; zombies are left out. undefined where there is no /proc. */
export function membersOf(group: number): ReadonlyMap<number, GroupMember> | undefined {
  let names: readonly string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return undefined;
  }
  return membersAmong(names.map(Number).filter(Number.isSafeInteger), group);
}

/**
 * Those of the group that the leader and its children have started, without the leader. Some hundred times faster than
 * looking at every process, where the kernel lists children.
 */
export function descendantsOf(leader: number): ReadonlyMap<number, GroupMember> {
  const found: number[] = [leader];
  try {
    for (const pid of found) found.push(...childrenOf(pid));
  } catch {
    found.push(...(membersOf(leader)?.keys() ?? []));
  }
  return membersAmong(new Set(found.slice(1)), leader);
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
    return children === '' ? [] : children.split(' ').map(Number);
  } catch (error) {
    if (existsSync(`/proc/${pid}/task/${pid}`)) throw error;
    return [];
  }
}

function membersAmong(pids: Iterable<number>, group: number): ReadonlyMap<number, GroupMember> {
  const members = new Map<number, GroupMember>();
  for (const pid of pids) {
    let line: string;
    try {
      line = readFileSync(`/proc/${pid}/stat`, 'latin1');
    } catch {
      continue;
    }
    // The name in parentheses may hold anything, spaces and parentheses included.
    const [state, parent, itsGroup, ...rest] = line.slice(line.lastIndexOf(')') + 2).split(' ');
    if (Number(itsGroup) !== group || state === 'Z' || state === 'X') continue;
    members.set(pid, { parent: Number(parent), startTime: rest[16] ?? '' });
  }
  return members;
}

/** @returns false when no process of the group is left */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    // EPERM: there are some, and none that may be signalled.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Waits until nothing of the group is left; after `graceMs` by SIGKILL. */
export async function endGroup(group: number, graceMs: number): Promise<void> {
  const isAlive = (): boolean => signalGroup(group, 0) && membersOf(group)?.size !== 0;
  if (await goneWithin(isAlive, graceMs)) return;
  signalGroup(group, 'SIGKILL');
  await goneWithin(isAlive, KILLED_MS);
}

/**
 * The processes that a shell left in its group when it ended. The group's number may come to mean another one once they
 * are gone: each is remembered with its start time, and the group is touched only while one of them is in it.
 */
export class Leftovers {
  readonly #group: number;
  readonly #members: ReadonlyMap<number, GroupMember>;

  constructor(group: number) {
    this.#group = group;
    this.#members = (signalGroup(group, 0) ? membersOf(group) : undefined) ?? new Map();
  }

  get isAlive(): boolean {
    if (this.#members.size === 0) return false;
    const now = membersOf(this.#group);
    for (const [pid, { startTime }] of this.#members) if (now?.get(pid)?.startTime === startTime) return true;
    return false;
  }

  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    if (this.isAlive) signalGroup(this.#group, name);
  }

  async end(graceMs: number): Promise<void> {
    if (await goneWithin(() => this.isAlive, graceMs)) return;
    this.signal('SIGKILL');
    await goneWithin(() => this.isAlive, KILLED_MS);
  }
}

/** In steps: the system tells nobody when a process ends that is not a child. */
async function goneWithin(isAlive: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive()) {
    if (performance.now() >= deadline) return false;
    await delay(LOOK_MS);
  }
  return true;
}
