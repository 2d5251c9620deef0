import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const file = 'expected';

const { O_CREAT, O_WRONLY } = constants;

/** Notes how many commands the shell will have run when the one that is given to it now has ended. */
export function writeCount(state: string, count: number): void {
  const fd = openSync(join(state, file), O_WRONLY | O_CREAT, 0o600);
  try {
    // Always as long, over what is there: to cut a file off takes longer than a command.
    writeSync(fd, String(count).padStart(16), 0);
  } finally {
    closeSync(fd);
  }
}

/** As noted last; 0 where nothing was. */
export function readCount(state: string): number {
  try {
    return Number(readFileSync(join(state, file), 'latin1'));
  } catch {
    return 0;
  }
}
