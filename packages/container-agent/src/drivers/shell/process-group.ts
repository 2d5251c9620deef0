import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { processStat } from '../../agent/proc.ts';

const LOOK_MS = 20;
/** ms that processes may take to be gone after SIGKILL. */
const KILLED_MS = 2_000;

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
  readonly #members: ReadonlyMap<number, string>;

  constructor(group: number) {
    this.#group = group;
    this.#members = (signalGroup(group, 0) ? membersOf(group) : undefined) ?? new Map();
  }

  get isAlive(): boolean {
    if (this.#members.size === 0) return false;
    const now = membersOf(this.#group);
    for (const [pid, startTime] of this.#members) if (now?.get(pid) === startTime) return true;
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

/** Process ids and start times, zombies left out; undefined where there is no /proc. */
export function membersOf(group: number): ReadonlyMap<number, string> | undefined {
  let names: readonly string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return undefined;
  }
  const members = new Map<number, string>();
  for (const name of names) {
    const pid = Number(name);
    const stat = Number.isSafeInteger(pid) ? processStat(pid) : undefined;
    if (stat?.group === group && stat.state !== 'Z' && stat.state !== 'X') members.set(pid, stat.startTime);
  }
  return members;
}
