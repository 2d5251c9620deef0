import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';

const MAX_DESCRIPTORS = 4_096;
/** Of one table, a line for each connection of the machine. */
const MAX_TABLE_BYTES = 4 * 1024 * 1024;
const ESTABLISHED = '01';

/** Whether the process has a TCP connection that stands. false where there is no /proc. */
export function isConnected(pid: number): boolean {
  const inodes = socketsOf(pid);
  if (inodes.size === 0) return false;
  return ['tcp', 'tcp6'].some((table) => {
    const lines = readBounded(`/proc/${pid}/net/${table}`).split('\n');
    return lines.some((line) => {
      const fields = line.trim().split(/\s+/);
      return fields[3] === ESTABLISHED && inodes.has(fields[9] ?? '');
    });
  });
}

function socketsOf(pid: number): ReadonlySet<string> {
  const inodes = new Set<string>();
  try {
    for (const name of readdirSync(`/proc/${pid}/fd`).slice(0, MAX_DESCRIPTORS)) {
      const inode = /^socket:\[(\d+)\]$/.exec(readlink(`/proc/${pid}/fd/${name}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    }
  } catch {
    // Gone, or not ours to look into.
  }
  return inodes;
}

function readlink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function readBounded(path: string): string {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const pieces: Buffer[] = [];
    for (let left = MAX_TABLE_BYTES; left > 0; ) {
      const piece = Buffer.alloc(Math.min(left, 65_536));
      const length = readSync(fd, piece, 0, piece.length, null);
      if (length === 0) break;
      pieces.push(piece.subarray(0, length));
      left -= length;
    }
    return Buffer.concat(pieces).toString('latin1');
  } catch {
    return '';
  } finally {
    closeSync(fd);
  }
}
