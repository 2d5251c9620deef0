import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
  writevSync,
} from 'node:fs';
import { errnoOf, JournalBrokenError } from './errors.ts';

/** What opening says of a wrong file, as opposed to a system in need (EMFILE, EIO): that must not condemn a good file. */
const REFUSED: ReadonlySet<string> = new Set(['ELOOP', 'ENXIO', 'ENODEV', 'EISDIR', 'EACCES', 'EPERM']);

export interface OwnedFile {
  readonly fd: number;
  /** Bytes at the time of opening. */
  readonly size: number;
}

/** Makes a private directory, or makes it private. @throws {JournalBrokenError} when it is not a directory of ours */
export function claimDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stats = lstatSync(directory);
  const user = process.geteuid?.();
  if (!stats.isDirectory() || (user !== undefined && stats.uid !== user)) {
    throw new JournalBrokenError(directory, 'it is not a directory of ours');
  }
  if ((stats.mode & 0o077) !== 0) chmodSync(directory, 0o700);
}

/**
 * Opens a file in a directory that others can write to: a regular file of ours with one name, and nothing else.
 * Undefined when there is none.
 * @throws {JournalBrokenError} when it is something else, or larger than `maxBytes`; otherwise the system's error
 */
export function openOwned(path: string, access: number, maxBytes: number): OwnedFile | undefined {
  let fd: number;
  try {
    // Before the open, so that a device or FIFO is not even opened.
    refuse(path, lstatSync(path), maxBytes);
    fd = openSync(path, access | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT') return undefined;
    if (code !== undefined && REFUSED.has(code))
      throw new JournalBrokenError(path, `it does not open (${code})`, error);
    throw error;
  }
  try {
    const stats = fstatSync(fd);
    refuse(path, stats, maxBytes);
    return { fd, size: stats.size };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Makes a new file (0600), open for reading and writing. Throws the system's error, EEXIST above all. */
export function createOwned(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
}

/** The whole of a small file; undefined when there is none. @throws {JournalBrokenError} as `openOwned` */
export function readOwned(path: string, maxBytes: number): string | undefined {
  const file = openOwned(path, constants.O_RDONLY, maxBytes);
  if (!file) return undefined;
  try {
    const bytes = Buffer.allocUnsafe(file.size);
    return bytes.toString('utf8', 0, readFully(file.fd, bytes, 0));
  } finally {
    closeSync(file.fd);
  }
}

/** Atomic for every process that looks. Whatever had the name is replaced, never followed. Throws the system's error. */
export function replaceOwned(path: string, text: string): void {
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  try {
    const fd = createOwned(fresh);
    try {
      const bytes = Buffer.from(text);
      writeFully(fd, [bytes], bytes.length, 0);
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** Fills `into` from the position `at`; returns fewer bytes only at the end of the file. */
export function readFully(fd: number, into: Uint8Array, at: number): number {
  let done = 0;
  while (done < into.length) {
    const read = readSync(fd, into, done, into.length - done, at + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}

/** Writes all of `parts` (`bytes` in sum) at the position `at`. Throws the system's error; what was written stays. */
export function writeFully(fd: number, parts: readonly Uint8Array[], bytes: number, at: number): void {
  let rest = parts;
  for (let done = 0; done < bytes; ) {
    const [only] = rest;
    const written =
      rest.length === 1 && only ? writeSync(fd, only, 0, only.length, at + done) : writevSync(fd, rest, at + done);
    if (written === 0) throw Object.assign(new Error('The disk took nothing'), { code: 'EIO' });
    done += written;
    if (done < bytes) rest = after(rest, written);
  }
}

/** Cuts back to `size` bytes; false when even that fails. */
export function cutBack(fd: number, size: number): boolean {
  try {
    ftruncateSync(fd, size);
    return true;
  } catch {
    return false;
  }
}

function after(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  const rest: Uint8Array[] = [];
  for (const part of parts) {
    if (skip < part.length) rest.push(skip > 0 ? part.subarray(skip) : part);
    skip = Math.max(0, skip - part.length);
  }
  return rest;
}

function refuse(path: string, stats: Stats, maxBytes: number): void {
  if (!stats.isFile()) throw new JournalBrokenError(path, 'it is not a regular file');
  if (stats.nlink !== 1) throw new JournalBrokenError(path, `it has ${stats.nlink} names`);
  const user = process.geteuid?.();
  if (user !== undefined && stats.uid !== user) {
    throw new JournalBrokenError(path, `it belongs to user ${stats.uid}, not ${user}`);
  }
  if (stats.size > maxBytes) throw new JournalBrokenError(path, `it has ${stats.size} bytes, more than ${maxBytes}`);
}
