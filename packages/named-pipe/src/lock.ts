import fs from 'node:fs';
import { checkCallOptions, Deadline, type PipeCallOptions } from './deadline.ts';
import { type LockHolder, NamedPipeError } from './error.ts';
import { checkOwner, type OwnerOptions } from './fifo/ownership.ts';
import { checkPath } from './fifo/pathname.ts';
import { flock } from './lock/flock.ts';
import { isStillAt, openExistingLockFile, openLockFile } from './lock/lock-file.ts';
import { clearHolder, describeHolder, readHolderOf, writeHolder } from './lock/lock-holder.ts';
import { lockedAmong } from './lock/locked-among.ts';

export type { LockHolder } from './error.ts';

/** How long somebody who only looks may be in the way. */
const GLANCE_MS = 1_000;

export interface LockOptions extends PipeCallOptions, OwnerOptions {
  /** Queue for the lock, until `signal` or `timeoutMs` (ms). Default false: fail at once. */
  readonly wait?: boolean | undefined;
  /** What a refused caller is told about the holder. Default: the name of the script that runs. */
  readonly command?: string | undefined;
}

export interface ReleaseOptions {
  /** Also remove the file. Default false. */
  readonly unlink?: boolean | undefined;
}

/** Held until release(), or until the kernel ends it with this process. */
export interface FileLock extends AsyncDisposable {
  readonly path: string;
  /** Idempotent. */
  release(options?: ReleaseOptions): Promise<void>;
}

/**
 * Takes an advisory lock (`flock`) on a file, which is made if missing.
 * @throws {NamedPipeError} CCB_PIPE_LOCKED with `holder`, CCB_PIPE_TIMEOUT, CCB_PIPE_UNSAFE, CCB_PIPE_DOWN
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<FileLock> {
  checkCallOptions(options);
  checkOwner(options);
  if (options.command !== undefined && typeof options.command !== 'string')
    throw new TypeError('command must be a string');
  const file = checkPath(path);
  const deadline = new Deadline(options);
  try {
    for (;;) {
      const fd = openLockFile(file, options.owner);
      const lock = await lockOpened(file, fd, options, deadline).catch((error: unknown) => {
        fs.closeSync(fd);
        throw error;
      });
      if (lock) return lock;
      fs.closeSync(fd);
    }
  } finally {
    deadline.end();
  }
}

/** What the last holder left about itself; whether it still holds, isLocked() says. undefined: nothing legible. */
export function readHolder(path: string, options: OwnerOptions = {}): LockHolder | undefined {
  checkOwner(options);
  const fd = openExistingLockFile(checkPath(path), options.owner);
  if (fd === undefined) return undefined;
  try {
    return readHolderOf(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Whether somebody holds it now. Looking never makes an acquireLock() fail.
 * @throws {NamedPipeError} CCB_PIPE_UNSAFE, CCB_PIPE_DOWN
 */
export async function isLocked(path: string, options: OwnerOptions = {}): Promise<boolean> {
  checkOwner(options);
  const fd = openExistingLockFile(checkPath(path), options.owner);
  if (fd === undefined) return false;
  try {
    return !(await flock(fd, 'shared', false, undefined));
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Whether somebody holds each of them now, in their order; a file that is not there is not held. One process looks at
 * many: 100 take some 60 ms where 100 isLocked() take several times as long.
 * @throws {NamedPipeError} CCB_PIPE_UNSAFE, CCB_PIPE_DOWN, CCB_PIPE_TIMEOUT
 */
export async function areLocked(
  paths: readonly string[],
  options: PipeCallOptions & OwnerOptions = {},
): Promise<readonly boolean[]> {
  checkCallOptions(options);
  checkOwner(options);
  const fds = new Map<string, number>();
  const deadline = new Deadline(options);
  try {
    for (const path of new Set(paths)) {
      const fd = openExistingLockFile(checkPath(path), options.owner);
      if (fd !== undefined) fds.set(path, fd);
    }
    const locked = await lockedAmong([...fds.values()], deadline.signal);
    const held = new Set([...fds.keys()].filter((_path, index) => locked[index]));
    return paths.map((path) => held.has(path));
  } catch (error) {
    if (error !== deadline.expired) throw error;
    throw new NamedPipeError('CCB_PIPE_TIMEOUT', `The locks could not be looked at within ${options.timeoutMs} ms.`);
  } finally {
    deadline.end();
    for (const fd of fds.values()) fs.closeSync(fd);
  }
}

/**
 * Resolves when whoever holds it now is gone, at once when nobody does; no polling. Bound it with `signal` or `timeoutMs` (ms).
 * @throws {NamedPipeError} CCB_PIPE_TIMEOUT, CCB_PIPE_UNSAFE, CCB_PIPE_DOWN
 */
export async function whenFree(path: string, options: PipeCallOptions & OwnerOptions = {}): Promise<void> {
  checkCallOptions(options);
  checkOwner(options);
  const file = checkPath(path);
  const fd = openExistingLockFile(file, options.owner);
  if (fd === undefined) return;
  const deadline = new Deadline(options);
  try {
    await flock(fd, 'shared', true, deadline.signal);
  } catch (error) {
    throw error === deadline.expired ? expiredError(file, fd, options) : error;
  } finally {
    deadline.end();
    fs.closeSync(fd);
  }
}

class HeldLock implements FileLock {
  readonly path: string;
  #fd: number | undefined;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  async release(options: ReleaseOptions = {}): Promise<void> {
    const fd = this.#fd;
    if (fd === undefined) return;
    this.#fd = undefined;
    try {
      clearHolder(fd);
      if (options.unlink && isStillAt(this.path, fd)) fs.rmSync(this.path, { force: true });
    } finally {
      fs.closeSync(fd);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/** undefined: the last holder had removed the file while this one queued. */
async function lockOpened(
  path: string,
  fd: number,
  options: LockOptions,
  deadline: Deadline,
): Promise<FileLock | undefined> {
  try {
    if (!(await isTaken(fd, options.wait ?? false, deadline.signal))) throw lockedError(path, fd);
  } catch (error) {
    throw error === deadline.expired ? expiredError(path, fd, options) : error;
  }
  if (!isStillAt(path, fd)) return undefined;
  writeHolder(fd, options.command);
  return new HeldLock(path, fd);
}

async function isTaken(fd: number, wait: boolean, signal: AbortSignal | undefined): Promise<boolean> {
  if (await flock(fd, 'exclusive', wait, signal)) return true;
  if (!(await flock(fd, 'shared', false, signal))) return false;
  // Nobody holds it: what was in the way only looked.
  const glance = new Deadline({ signal, timeoutMs: GLANCE_MS });
  try {
    return await flock(fd, 'exclusive', true, glance.signal);
  } catch (error) {
    if (error === glance.expired) return false;
    throw error;
  } finally {
    glance.end();
  }
}

function lockedError(path: string, fd: number): NamedPipeError {
  const holder = readHolderOf(fd);
  const message = `${path} is locked${describeHolder(holder)}. End that one first, or wait for it.`;
  return new NamedPipeError('CCB_PIPE_LOCKED', message, { holder });
}

function expiredError(path: string, fd: number, options: PipeCallOptions): NamedPipeError {
  const holder = readHolderOf(fd);
  const message = `${path} was not free within ${options.timeoutMs} ms${describeHolder(holder)}.`;
  return new NamedPipeError('CCB_PIPE_TIMEOUT', message, { holder });
}
