import { readFileSync } from 'node:fs';
import { descendantsOf, signalGroup } from './process-group.ts';

/** ms after the interrupt. */
const LOOKS_MS: readonly number[] = [10, 30, 70, 150, 300, 600];
/** A subshell may be about to end by itself; later than this it has missed the interrupt. */
const SUBSHELL_FROM_MS = 150;
const SIGINT_BIT = 1n << 1n;

interface Present {
  readonly startTime: string;
  /** Changes when it executes another program. */
  commandLine: string;
}

/**
 * SIGINT for a shell and all that it runs in the foreground. A process that is between fork and exec when it comes has
 * the shell's handler still, which only takes note; exec then forgets it, and a `sleep 1000` would live on. So those that
 * were there, should have died of it and did not, get it again, with what they have started since. A program that
 * handles SIGINT gets it once, as from a keyboard; background children ignore it.
 */
export class GroupInterrupt {
  readonly #shell: number;
  readonly #commandLine: string;
  readonly #again: () => void;
  /** Empty where there is no /proc. */
  readonly #present: Map<number, Present> = new Map<number, Present>();
  #over = false;

  /** @param again is called when the shell has got it once more */
  constructor(shell: number, again: () => void) {
    this.#shell = shell;
    this.#again = again;
    this.#commandLine = read(shell, 'cmdline');
    this.#note(() => true);
    signalGroup(shell, 'SIGINT');
    // Forked a moment before or after.
    this.#note((commandLine, parent) => commandLine === read(parent, 'cmdline'));
    this.#lookAt(0);
  }

  /** The shell went on in spite of it. Again, unless a program in its group handles it and may be about to end. */
  repeat(): void {
    for (const pid of descendantsOf(this.#shell).keys()) {
      if (this.#responseOf(pid) === 'handles') return;
    }
    signalGroup(this.#shell, 'SIGINT');
    this.#again();
  }

  /** The command has ended: the shell is left alone, what is left of the command is not. */
  over(): void {
    this.#over = true;
  }

  #note(isOfInterest: (commandLine: string, parent: number) => boolean): void {
    for (const [pid, { startTime, parent }] of descendantsOf(this.#shell)) {
      const commandLine = read(pid, 'cmdline');
      if (!this.#present.has(pid) && isOfInterest(commandLine, parent))
        this.#present.set(pid, { startTime, commandLine });
    }
  }

  #lookAt(index: number): void {
    const atMs = LOOKS_MS[index];
    if (atMs === undefined || this.#present.size === 0) return;
    const look = (): void => {
      this.#reach(atMs);
      this.#lookAt(index + 1);
    };
    setTimeout(look, atMs - (LOOKS_MS[index - 1] ?? 0)).unref();
  }

  #reach(atMs: number): void {
    const missed = this.#missed(atMs);
    if (missed.size === 0) return;
    // A waiting shell ends the whole list only when it gets the interrupt itself before its child dies of it.
    if (!this.#over) interrupt(this.#shell);
    for (const pid of missed) interrupt(pid);
    if (!this.#over) this.#again();
  }

  #missed(atMs: number): ReadonlySet<number> {
    const members = descendantsOf(this.#shell);
    const missed = new Set<number>();
    for (const [pid, present] of this.#present) {
      if (members.get(pid)?.startTime !== present.startTime) this.#present.delete(pid);
      else if (this.#hasMissed(pid, atMs, present)) missed.add(pid);
    }
    for (let before = -1; missed.size > before; ) {
      before = missed.size;
      for (const [pid, { parent }] of members) if (missed.has(parent) && this.#hasMissed(pid, atMs)) missed.add(pid);
    }
    return missed;
  }

  #hasMissed(pid: number, atMs: number, present?: Present): boolean {
    const response = this.#responseOf(pid);
    if (response === undefined || response === 'ignores') return false;
    const commandLine = read(pid, 'cmdline');
    // The handler that it has now was not there yet.
    const isNewProgram = present !== undefined && present.commandLine !== commandLine;
    if (present !== undefined) present.commandLine = commandLine;
    return isNewProgram || response === 'dies' || (response === 'subshell' && atMs >= SUBSHELL_FROM_MS);
  }

  #responseOf(pid: number): 'dies' | 'handles' | 'ignores' | 'subshell' | undefined {
    const status = read(pid, 'status');
    if (status === '') return undefined;
    const has = (mask: string): boolean => {
      const bits = new RegExp(`^${mask}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
      return bits !== undefined && (BigInt(`0x${bits}`) & SIGINT_BIT) !== 0n;
    };
    if (has('SigIgn') || has('SigBlk')) return 'ignores';
    if (!has('SigCgt')) return 'dies';
    return read(pid, 'cmdline') === this.#commandLine ? 'subshell' : 'handles';
  }
}

function interrupt(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // gone already
  }
}

function read(pid: number, name: 'status' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}
