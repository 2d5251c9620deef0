import fs from 'node:fs';
import { basename } from 'node:path';
import type { LockHolder } from '../error.ts';

const MOST_BYTES = 4096;
const MOST_COMMAND_CHARACTERS = 256;

/** Arguments stay out of it: they may be secret. */
export function writeHolder(fd: number, command: string | undefined): void {
  const name = command ?? basename(process.argv[1] ?? process.execPath);
  const holder: LockHolder = {
    pid: process.pid,
    since: new Date().toISOString(),
    command: name.slice(0, MOST_COMMAND_CHARACTERS),
  };
  fs.ftruncateSync(fd, 0);
  fs.writeSync(fd, `${JSON.stringify(holder)}\n`, 0);
}

export function clearHolder(fd: number): void {
  fs.ftruncateSync(fd, 0);
}

export function readHolderOf(fd: number): LockHolder | undefined {
  const bytes = Buffer.alloc(MOST_BYTES);
  const text = bytes.toString('utf8', 0, fs.readSync(fd, bytes, 0, MOST_BYTES, 0));
  try {
    const { pid, since, command } = JSON.parse(text) as Record<string, unknown>;
    if (typeof pid !== 'number' || typeof since !== 'string' || typeof command !== 'string') return undefined;
    return { pid, since, command };
  } catch {
    return undefined;
  }
}

export function describeHolder(holder: LockHolder | undefined): string {
  return holder ? ` (held by ${holder.command}, pid ${holder.pid}, since ${holder.since})` : '';
}
