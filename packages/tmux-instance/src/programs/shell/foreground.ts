import { readlinkSync } from 'node:fs';
import { statOf } from '../../pane/launch-record.ts';

/** The terminal of a process, as a device. */
export function terminalOf(pid: number | undefined): string | undefined {
  if (pid === undefined) return undefined;
  try {
    const path = readlinkSync(`/proc/${pid}/fd/255`);
    return path.startsWith('/dev/') ? path : undefined;
  } catch {
    return undefined;
  }
}

/** To the job in the foreground of a shell's terminal. @returns false where there is none but the shell itself */
export function signalJob(shell: number | undefined, signal: NodeJS.Signals): boolean {
  const job = jobOf(shell);
  return job !== undefined && send(-job, signal);
}

/** The process group in the foreground of a shell's terminal; undefined: the shell itself is. */
export function jobOf(shell: number | undefined): number | undefined {
  const stat = shell === undefined ? undefined : statOf(shell);
  const [own, foreground] = [Number(stat?.[2]), Number(stat?.[5])];
  return foreground > 0 && foreground !== own ? foreground : undefined;
}

/** To the shell itself, and to no child of its. */
export function signalShell(shell: number | undefined, signal: NodeJS.Signals): boolean {
  return shell !== undefined && send(shell, signal);
}

function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch {
    return false;
  }
}
