import fs from 'node:fs';
import { NamedPipeError, systemCode } from '../error.ts';
import { distrust } from '../fifo/ownership.ts';

const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = fs.constants;
const MODE = 0o600;

/** @throws {NamedPipeError} CCB_PIPE_UNSAFE, CCB_PIPE_DOWN */
export function openLockFile(path: string, owner: number | undefined): number {
  return open(path, O_RDWR | O_CREAT, owner);
}

/** undefined: there is no such file. */
export function openExistingLockFile(path: string, owner: number | undefined): number | undefined {
  try {
    return open(path, O_RDONLY, owner);
  } catch (error) {
    if (NamedPipeError.is(error) && systemCode(error.cause) === 'ENOENT') return undefined;
    throw error;
  }
}

/** false: the file was removed, or replaced by another, after `fd` was opened. */
export function isStillAt(path: string, fd: number): boolean {
  const here = fs.lstatSync(path, { throwIfNoEntry: false });
  const held = fs.fstatSync(fd);
  return here !== undefined && here.ino === held.ino && here.dev === held.dev;
}

function open(path: string, flags: number, owner: number | undefined): number {
  let fd: number;
  try {
    fd = fs.openSync(path, flags | O_NOFOLLOW | O_NONBLOCK, MODE);
  } catch (cause) {
    throw explain(path, cause);
  }
  try {
    const problem = distrust(fs.fstatSync(fd), 'regular file', owner);
    if (problem) throw new NamedPipeError('CCB_PIPE_UNSAFE', `${path} ${problem}`);
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function explain(path: string, cause: unknown): NamedPipeError {
  switch (systemCode(cause)) {
    case 'ELOOP':
      return new NamedPipeError('CCB_PIPE_UNSAFE', `${path} is a symbolic link. Remove it or choose another path.`, {
        cause,
      });
    case 'EISDIR':
    case 'ENXIO':
      return new NamedPipeError('CCB_PIPE_UNSAFE', `${path} is not a regular file. Choose another path.`, { cause });
    case 'EROFS':
    case 'EACCES':
      return new NamedPipeError('CCB_PIPE_DOWN', `${path} may not be opened for writing. Choose another lock file.`, {
        cause,
      });
    default:
      return new NamedPipeError('CCB_PIPE_DOWN', `${path} cannot be opened: ${String(cause)}`, { cause });
  }
}
