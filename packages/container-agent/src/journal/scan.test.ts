import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mark } from './line.ts';
import { type Scan, scan } from './scan.ts';
import { beginLine, endLine, eventLine } from './testing/lines.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ccb-scan-'));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

function scanned(bytes: Buffer, first = 1): Scan & { readonly marks: readonly Mark[] } {
  const path = join(root, 'segment');
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  const marks: Mark[] = [];
  try {
    return { ...scan(fd, bytes.length, first, 1000, (mark) => marks.push(mark)), marks };
  } finally {
    closeSync(fd);
  }
}

describe('scanning a segment', () => {
  it('finds every line wherever the windows of 256 KiB fall', () => {
    const window = 256 * 1024;
    const first = beginLine(1, 'a');
    for (let shift = -3; shift <= 3; shift++) {
      const overhead = eventLine(2, 'a', '').length;
      const filler = eventLine(2, 'a', 'x'.repeat(window - first.length - overhead + shift));
      const bytes = Buffer.concat([first, filler, eventLine(3, 'a', 'é'), endLine(4, 'a')]);
      const found = scanned(bytes);
      expect([found.last, found.bytes, found.rest]).toEqual([4, bytes.length, 'none']);
      expect(found.marks.map(({ type, seq }) => [type, seq])).toEqual([
        ['begin', 1],
        ['end', 4],
      ]);
    }
  });

  it('takes a line of several MB', () => {
    const bytes = Buffer.concat([eventLine(7, 'a', 'x'.repeat(3_000_000)), endLine(8, 'a')]);
    expect(scanned(bytes, 7)).toMatchObject({ last: 8, bytes: bytes.length, rest: 'none' });
  });

  it('takes any id that JSON can write, quotes and newlines included', () => {
    const id = '"\\\n\u0000,"seq":9';
    expect(scanned(Buffer.concat([beginLine(1, id), endLine(2, id)])).marks.map((mark) => mark.id)).toEqual([id, id]);
  });

  it.each([
    ['a zero byte', (line: Buffer) => line.fill(0, 60, 61)],
    ['a newline', (line: Buffer) => line.fill('\n', 60, 61)],
    ['another number', (line: Buffer) => Buffer.from(line.toString().replace('"seq":2', '"seq":3'))],
    ['a number with a leading zero', (line: Buffer) => Buffer.from(line.toString().replace('"seq":2', '"seq":02'))],
    ['no number', (line: Buffer) => Buffer.from(line.toString().replace('"seq":2', '"seq":'))],
    ['another type', (line: Buffer) => Buffer.from(line.toString().replace('event', 'evict'))],
    [
      'another key order',
      (line: Buffer) => Buffer.from(line.toString().replace('"type":"event","seq":2', '"seq":2,"type":"event"')),
    ],
    ['no closing brace', (line: Buffer) => Buffer.from(line.toString().replace('}}\n', '\n'))],
  ])('ends before a line with %s, and names the ids behind it', (_, spoil) => {
    const good = beginLine(1, 'a');
    const bad = spoil(eventLine(2, 'a', 'some more text here'));
    const found = scanned(Buffer.concat([good, bad, endLine(3, 'a'), beginLine(4, 'b'), eventLine(5, 'b')]));
    expect(found).toMatchObject({ last: 1, bytes: good.length, rest: 'broken' });
    expect(found.marks).toHaveLength(1);
    expect(found.salvaged.map(({ type, id }) => [type, id])).toEqual([
      ['end', 'a'],
      ['begin', 'b'],
    ]);
  });
});
