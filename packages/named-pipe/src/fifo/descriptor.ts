import fs from 'node:fs';
import net from 'node:net';
import { NamedPipeError, systemCode } from '../error.ts';
import { distrust } from './ownership.ts';

const { O_RDONLY, O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = fs.constants;

/**
 * Opens a FIFO without waiting for the other end; undefined: it has no reader yet (`write` only).
 * @throws {NamedPipeError} CCB_PIPE_UNSAFE, CCB_PIPE_DOWN (with the system's error as `cause`)
 */
export function openFifo(path: string, direction: 'read' | 'write', owner: number | undefined): number | undefined {
  let fd: number;
  try {
    fd = fs.openSync(path, (direction === 'read' ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_NOFOLLOW);
  } catch (cause) {
    const code = systemCode(cause);
    if (code !== 'ENXIO') throw explainOpen(path, code, cause);
    // No reader; or a socket, or a device without a driver.
    const stats = fs.lstatSync(path, { throwIfNoEntry: false });
    if (stats) refuse(path, stats, owner);
    return undefined;
  }
  try {
    refuse(path, fs.fstatSync(fd), owner);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  return fd;
}

/** The descriptor belongs to the socket from here on, also when the socket cannot be made. */
export function adopt(fd: number, options: Omit<net.SocketConstructorOpts, 'fd'> & net.ConnectOpts): net.Socket {
  try {
    return new net.Socket({ ...options, fd });
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function refuse(path: string, stats: fs.Stats, owner: number | undefined): void {
  const problem = distrust(stats, 'FIFO', owner);
  if (problem) throw new NamedPipeError('CCB_PIPE_UNSAFE', `${path} ${problem}`);
}

function explainOpen(path: string, code: string | undefined, cause: unknown): NamedPipeError {
  switch (code) {
    case 'ELOOP':
      return new NamedPipeError('CCB_PIPE_UNSAFE', `${path} is a symbolic link. Name the FIFO itself.`, { cause });
    case 'EISDIR':
      return new NamedPipeError('CCB_PIPE_UNSAFE', `${path} is not a FIFO. Choose another path.`, { cause });
    case 'ENOENT':
      return new NamedPipeError('CCB_PIPE_DOWN', `${path} does not exist. Make it first, or start its listener.`, {
        cause,
      });
    case 'EACCES':
      return new NamedPipeError('CCB_PIPE_DOWN', `${path} may not be opened. Check its mode, owner and group.`, {
        cause,
      });
    case 'EMFILE':
    case 'ENFILE':
      return new NamedPipeError('CCB_PIPE_DOWN', `${path}: no file descriptor is left. Raise "ulimit -n".`, { cause });
    default:
      return new NamedPipeError('CCB_PIPE_DOWN', `${path} cannot be opened: ${String(cause)}`, { cause });
  }
}
