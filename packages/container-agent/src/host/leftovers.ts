import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isLocked } from '@ccb/named-pipe/lock';
import { instanceLayout } from './layout.ts';
import { removeTree } from './remove-tree.ts';

/** Before an instance's directory has its name, and after it had it. */
const unfinishedPrefix = '.new-';
const removedPrefix = '.gone-';
/** A directory that is being made is locked within a fraction of this, in ms. */
const YOUNG_MS = 60_000;

/** Where an instance's directory is put together before it gets its name, beside it. */
export function unfinished(directory: string): string {
  return aside(directory, unfinishedPrefix);
}

/**
 * Removes an instance's directory with all that is in it. Its name is free at once, whatever kills this process while it
 * removes what was in it. Nothing to do when it is gone.
 */
export function discardDirectory(directory: string): void {
  const gone = aside(directory, removedPrefix);
  try {
    renameSync(directory, gone);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  removeTree(gone);
}

/** A name that no instance can have. */
function aside(directory: string, prefix: string): string {
  return join(dirname(directory), `${prefix}${basename(directory)}-${randomBytes(6).toString('hex')}`);
}

/**
 * What creations and removals left below `<home>/instances` whose processes were killed: no instance has such a name. One
 * that is being made, or was begun within the last minute, is not among them.
 */
export async function leftovers(home: string): Promise<readonly string[]> {
  const instances = join(home, 'instances');
  const found: string[] = [];
  for (const name of namesIn(instances)) {
    const directory = join(instances, name);
    if (name.startsWith(removedPrefix)) found.push(directory);
    else if (name.startsWith(unfinishedPrefix) && (await isAbandoned(directory))) found.push(directory);
  }
  return found;
}

/** @param directory one of what `leftovers` found */
export function removeLeftover(directory: string): void {
  removeTree(directory);
}

async function isAbandoned(directory: string): Promise<boolean> {
  const about = statSync(directory, { throwIfNoEntry: false });
  if (about === undefined || Date.now() - about.mtimeMs < YOUNG_MS) return false;
  return !(await isLocked(instanceLayout(directory, '').lock));
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
