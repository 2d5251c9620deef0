import { readdirSync, readFileSync } from 'node:fs';

/** The kernel's for all of user space. */
const TICKS_PER_SECOND = 100;
const SHOWN = 80;

export interface RunningProcess {
  readonly pid: number;
  /** The begin of its command line. */
  readonly command: string;
  /** ms that it has run. */
  readonly ageMs: number;
}

/** What a process has started, and they again: those that have started nothing themselves, the youngest first. */
export function descendantsOf(ancestor: number): readonly RunningProcess[] {
  let names: readonly string[];
  let uptimeMs: number;
  try {
    names = readdirSync('/proc');
    uptimeMs = Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1_000;
  } catch {
    return [];
  }
  const parents = new Map<number, { readonly parent: number; readonly startedMs: number }>();
  for (const name of names) {
    const stat = /^\d+$/.test(name) ? statOf(name) : undefined;
    if (stat !== undefined) parents.set(Number(name), stat);
  }
  const busy = new Set([...parents.values()].map(({ parent }) => parent));
  const found: RunningProcess[] = [];
  for (const [pid, { startedMs }] of parents) {
    if (busy.has(pid) || !descends(pid, ancestor, parents)) continue;
    found.push({ pid, command: commandOf(pid), ageMs: Math.max(0, uptimeMs - startedMs) });
  }
  return found.sort((one, other) => one.ageMs - other.ageMs);
}

function descends(pid: number, ancestor: number, parents: ReadonlyMap<number, { readonly parent: number }>): boolean {
  // Bounded: read one after the other, the parents may form a circle.
  let at: number | undefined = pid;
  for (let steps = 0; at !== undefined && steps < parents.size; steps += 1) {
    at = parents.get(at)?.parent;
    if (at === ancestor) return true;
  }
  return false;
}

/** `startedMs`: after boot. */
function statOf(name: string): { readonly parent: number; readonly startedMs: number } | undefined {
  try {
    const line = readFileSync(`/proc/${name}/stat`, 'latin1');
    // The name in parentheses may hold anything, spaces and parentheses included.
    const [state, parent, ...rest] = line.slice(line.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    return { parent: Number(parent), startedMs: (Number(rest[17]) / TICKS_PER_SECOND) * 1_000 };
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    return words.length > SHOWN ? `${words.slice(0, SHOWN)}…` : words;
  } catch {
    return '';
  }
}
