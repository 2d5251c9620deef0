import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const file = 'expected';

/** Notes how many commands the shell will have run when the one that is given to it now has ended. */
export function writeCount(state: string, count: number): void {
  writeFileSync(join(state, file), String(count), { mode: 0o600 });
}

/** As noted last; 0 where nothing was. */
export function readCount(state: string): number {
  try {
    return Number(readFileSync(join(state, file), 'latin1'));
  } catch {
    return 0;
  }
}
