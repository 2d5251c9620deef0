import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from 'node:fs';
import { readFully } from '../journal/owned-file.ts';
import { visible } from './visible.ts';

export interface TailOptions {
  readonly maxBytes: number;
  /** Another user id that may own the file, beside this process's own and root (0). */
  readonly owner?: number | undefined;
}

/** One of the two is there. */
export interface Tail {
  /** From the beginning of a line, unless there is none in that many bytes; control characters are spelled out. */
  readonly text?: string | undefined;
  /** Why nothing was read, for people. */
  readonly problem?: string | undefined;
}

/**
 * The end of a file that somebody else can write, who may have put anything there instead: reads a regular file with one
 * name and an expected owner, whatever its size, and never waits. The directory it is in must not be one that they can replace.
 */
export function readTail(path: string, options: TailOptions): Tail {
  let fd: number | undefined;
  try {
    // Before the open, so that a device is not even opened.
    assertFit(lstatSync(path), options.owner);
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(fd);
    assertFit(stats, options.owner);
    return { text: visible(endOf(fd, stats.size, options.maxBytes)) };
  } catch (error) {
    return { problem: `${path} is not read: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function endOf(fd: number, size: number, maxBytes: number): string {
  const start = Math.max(0, size - maxBytes);
  const bytes = Buffer.alloc(size - start);
  const text = bytes.toString('utf8', 0, readFully(fd, bytes, start));
  return start === 0 ? text : text.slice(text.indexOf('\n') + 1);
}

function assertFit(stats: Stats, owner: number | undefined): void {
  if (stats.isSymbolicLink()) throw new Error('it is a symbolic link');
  if (!stats.isFile()) throw new Error('it is not a regular file');
  if (stats.nlink !== 1) throw new Error(`it has ${stats.nlink} names`);
  if (![0, process.geteuid?.(), owner].includes(stats.uid)) throw new Error(`it belongs to user ${stats.uid}`);
}
