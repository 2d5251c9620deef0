import { readFileSync } from 'node:fs';
import { processStat } from '../../agent/proc.ts';
import { membersOf, signalGroup } from './process-group.ts';

/** ms after the interrupt. */
const LOOKS_MS: readonly number[] = [10, 30, 70, 150, 300, 600];
const SIGINT_BIT = 1n << 1n;

/**
 * SIGINT for a shell and all that it runs in the foreground. A process that is between fork and exec when it comes has
 * the shell's handler still, which only takes note; exec then forgets it, and a `sleep 1000` would live on. So those that
 * were there, would have died of it and did not, get it again. One that handles SIGINT gets it once, as from a keyboard.
 */
export class GroupInterrupt {
  readonly #shell: number;
  /** With start times. Empty where there is no /proc. */
  readonly #present: ReadonlyMap<number, string>;

  constructor(shell: number) {
    this.#shell = shell;
    this.#present = membersOf(shell) ?? new Map();
    signalGroup(shell, 'SIGINT');
    this.#look(0);
  }

  /** The shell went on in spite of it. Again, unless a program in its group handles it and may be about to end. */
  repeat(): void {
    for (const pid of membersOf(this.#shell)?.keys() ?? []) {
      if (pid !== this.#shell && responseOf(pid) === 'handles') return;
    }
    signalGroup(this.#shell, 'SIGINT');
  }

  #look(index: number): void {
    const atMs = LOOKS_MS[index];
    if (atMs === undefined || this.#present.size === 0) return;
    const timer = setTimeout(
      () => {
        for (const [pid, startTime] of this.#present) {
          if (pid !== this.#shell && processStat(pid)?.startTime === startTime && responseOf(pid) === 'dies')
            interrupt(pid);
        }
        this.#look(index + 1);
      },
      atMs - (LOOKS_MS[index - 1] ?? 0),
    );
    timer.unref();
  }
}

function interrupt(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // gone already
  }
}

function responseOf(pid: number): 'dies' | 'handles' | 'ignores' | undefined {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return undefined;
  }
  const has = (mask: string): boolean => {
    const bits = new RegExp(`^${mask}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
    return bits !== undefined && (BigInt(`0x${bits}`) & SIGINT_BIT) !== 0n;
  };
  if (has('SigCgt')) return 'handles';
  return has('SigIgn') || has('SigBlk') ? 'ignores' : 'dies';
}
