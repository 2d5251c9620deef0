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

/** Kills what runs in the foreground of a shell's terminal; where that is the shell itself, the shell. */
export function endForeground(shell: number | undefined): void {
  if (shell === undefined) return;
  const group = Number(statOf(shell)?.[5] ?? -1);
  try {
    process.kill(group > 0 ? -group : shell, 'SIGKILL');
  } catch {
    // gone already
  }
}
