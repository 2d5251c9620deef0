import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const STUBBORN: ReadonlySet<string | undefined> = new Set(['ENAMETOOLONG', 'EACCES', 'EPERM']);

/**
 * Removes a directory with all that a program, which is gone by now, has left in it: nested deeper than a path is long,
 * or shut against its own owner, as package managers do with what they have downloaded. No link is followed.
 */
export function removeTree(root: string): void {
  try {
    remove(root);
  } catch (error) {
    if (!STUBBORN.has((error as NodeJS.ErrnoException).code)) throw error;
    flatten(root);
    remove(root);
  }
}

function remove(root: string): void {
  rmSync(root, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
}

/** Opens every directory, and moves it up to right below the root: no path is long then. */
function flatten(root: string): void {
  const prefix = join(root, `.removed-${randomBytes(4).toString('hex')}-`);
  const found = [root];
  for (const directory of found) {
    open(directory);
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const path = join(directory, entry.name);
      if (directory === root) {
        found.push(path);
        continue;
      }
      // What is moved has to be written to: its `..` changes.
      open(path);
      const place = `${prefix}${found.length}`;
      renameSync(path, place);
      found.push(place);
    }
  }
}

function open(directory: string): void {
  try {
    chmodSync(directory, 0o700);
  } catch (error) {
    // Somebody else's, which may be open to this user anyway.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  }
}
