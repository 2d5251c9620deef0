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

/** To the job in the foreground of a shell's terminal, where that is not the shell itself. */
export function signalJob(shell: number | undefined, signal: NodeJS.Signals): boolean {
  const stat = shell === undefined ? undefined : statOf(shell);
  const [own, foreground] = [Number(stat?.[2]), Number(stat?.[5])];
  return foreground > 0 && foreground !== own && send(-foreground, signal);
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
