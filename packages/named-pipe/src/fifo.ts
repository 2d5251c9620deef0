import type net from 'node:net';
import { adopt, openFifo } from './fifo/descriptor.ts';
import { type MakeFifoOptions, makeFifos } from './fifo/mkfifo.ts';
import { checkOwner, type OwnerOptions } from './fifo/ownership.ts';
import { checkPath } from './fifo/pathname.ts';

export type { MakeFifoOptions } from './fifo/mkfifo.ts';
export type { OwnerOptions } from './fifo/ownership.ts';

/**
 * Makes a FIFO; one that is there already, and ours, is kept as it is.
 * @throws {NamedPipeError} CCB_PIPE_UNSAFE when something else is at `path`, or when others could replace it;
 *   CCB_PIPE_DOWN when `mkfifo` (coreutils or busybox) is missing or fails
 */
export async function makeFifo(path: string, options: MakeFifoOptions = {}): Promise<void> {
  await makeFifos([checkPath(path)], options);
}

/**
 * A stream that reads a FIFO: opens at once, waits for the first writer, ends when the last one has closed.
 * @throws {NamedPipeError} CCB_PIPE_UNSAFE, CCB_PIPE_DOWN
 */
export function openReader(path: string, options: OwnerOptions = {}): net.Socket {
  checkOwner(options);
  return adopt(openFifo(checkPath(path), 'read', options.owner) as number, { readable: true, writable: false });
}

/**
 * A stream that writes a FIFO; undefined while nobody has it open for reading.
 * @throws {NamedPipeError} CCB_PIPE_UNSAFE, CCB_PIPE_DOWN
 */
export function openWriter(path: string, options: OwnerOptions = {}): net.Socket | undefined {
  checkOwner(options);
  const fd = openFifo(checkPath(path), 'write', options.owner);
  return fd === undefined ? undefined : adopt(fd, { readable: false, writable: true });
}
