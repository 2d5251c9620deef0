import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Journal } from '../journal.ts';

const AT = '2026-01-02T03:04:05.678Z';

export function beginLine(seq: number, id: string, text = 'echo'): Buffer {
  return encode({ type: 'begin', seq, id, at: AT, digest: `digest of ${id}`, text });
}

export function eventLine(seq: number, id: string, text = 'out'): Buffer {
  return encode({ type: 'event', seq, id, at: AT, event: { type: 'text', text } });
}

export function endLine(seq: number, id: string, message = ''): Buffer {
  return encode({ type: 'end', seq, id, at: AT, result: { success: true, message } });
}

/** Appends one line and tells the index of ids what it is. */
export function put(journal: Journal, line: Buffer): void {
  const seq = journal.lastSeq + 1;
  journal.append([line], line.length, seq, seq);
  note(journal, line);
}

export function note(journal: Journal, line: Buffer): void {
  const { type, seq, id, digest } = JSON.parse(line.toString());
  if (type === 'begin') journal.noteBegin(id, digest, seq);
  if (type === 'end') journal.noteEnd(id, seq);
}

/** Whole commands: a begin, `events` events of `size` characters, an end. Returns every line, the first at index 0. */
export function putCommands(journal: Journal, ids: readonly string[], events = 1, size = 3): Buffer[] {
  const lines: Buffer[] = [];
  const add = (make: (seq: number) => Buffer): void => {
    const line = make(journal.lastSeq + 1);
    put(journal, line);
    lines.push(line);
  };
  for (const id of ids) {
    add((seq) => beginLine(seq, id));
    for (let i = 0; i < events; i++) add((seq) => eventLine(seq, id, 'é'.repeat(size)));
    add((seq) => endLine(seq, id));
  }
  return lines;
}

/** Everything after the line `afterSeq`, through the journal's own reading. */
export function readAll(journal: Journal, afterSeq: number = journal.firstSeq - 1): Buffer {
  const pieces: Buffer[] = [];
  let buffer = Buffer.alloc(512);
  for (let at = journal.position(afterSeq); at < journal.tail; ) {
    const { bytes, larger } = journal.readLines(at, buffer);
    if (larger) buffer = Buffer.alloc(buffer.length * 2);
    pieces.push(Buffer.from(buffer.subarray(0, bytes)));
    at += bytes;
  }
  return Buffer.concat(pieces);
}

export function segmentsIn(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.log') && name !== 'ids.log')
    .sort();
}

/** Names in the directory of what was set aside. */
export function setAsideIn(directory: string): string[] {
  const [lost] = readdirSync(directory).filter((name) => name.startsWith('lost-'));
  return lost === undefined ? [] : readdirSync(join(directory, lost)).sort();
}

export function cut(path: string, bytes: number): void {
  const fd = openSync(path, 'r+');
  ftruncateSync(fd, bytes);
  closeSync(fd);
}

export function overwrite(path: string, at: number, bytes: Uint8Array): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, bytes, 0, bytes.length, at);
  closeSync(fd);
}

export function sizeOf(path: string): number {
  return readFileSync(path).length;
}

function encode(frame: object): Buffer {
  return Buffer.from(`${JSON.stringify(frame)}\n`);
}
