import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const file = 'turn';

/** The command whose turn runs, for the next host; undefined: none does. */
export function writeTurn(state: string, commandId: string | undefined): void {
  if (commandId === undefined) rmSync(join(state, file), { force: true });
  else writeFileSync(join(state, file), commandId, { mode: 0o600 });
}

export function readTurn(state: string): string | undefined {
  try {
    return readFileSync(join(state, file), 'utf8');
  } catch {
    return undefined;
  }
}
