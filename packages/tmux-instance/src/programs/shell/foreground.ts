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

/** To what runs in the foreground of a shell's terminal, which may be the shell itself. @returns false when it may not be */
export function signalForeground(shell: number | undefined, signal: NodeJS.Signals): boolean {
  const group = shell === undefined ? -1 : Number(statOf(shell)?.[5] ?? -1);
  if (group <= 0) return false;
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}
