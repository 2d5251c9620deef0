import type { Stats } from 'node:fs';

export interface OwnerOptions {
  /** Another user id that may own the file, beside this process's own and root (0). */
  readonly owner?: number | undefined;
}

export function isTrustedOwner(uid: number, owner: number | undefined): boolean {
  return uid === 0 || uid === process.getuid?.() || uid === owner;
}

/** What makes this file unfit as a private one of ours, and what to do about it; undefined: nothing. */
export function distrust(stats: Stats, kind: 'FIFO' | 'regular file', owner: number | undefined): string | undefined {
  if (kind === 'FIFO' ? !stats.isFIFO() : !stats.isFile()) {
    return `is ${describeKind(stats)}, not a ${kind}. Move it away or choose another path.`;
  }
  if (!isTrustedOwner(stats.uid, owner)) {
    return `belongs to user ${stats.uid}. Remove it, choose a directory of your own, or name that user with the option "owner".`;
  }
  if (stats.nlink > 1) return `has ${stats.nlink} hard links. Remove it or choose another path.`;
  return undefined;
}

function describeKind(stats: Stats): string {
  if (stats.isFile()) return 'a regular file';
  if (stats.isDirectory()) return 'a directory';
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

export function checkOwner(options: OwnerOptions): void {
  if (options.owner !== undefined && !Number.isSafeInteger(options.owner)) {
    throw new TypeError(`owner must be a user id: ${String(options.owner)}`);
  }
}
