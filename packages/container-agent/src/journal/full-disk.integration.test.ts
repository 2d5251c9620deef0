import { appendFileSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal } from './journal.ts';
import { beginLine, endLine, eventLine, note, put, putCommands, readAll, segmentsIn, sizeOf } from './testing/lines.ts';
import { smallDisk } from './testing/small-disk.ts';

const disk = smallDisk();
const FULL = expect.objectContaining({ code: 'CCB_DISK_FULL' });

if (process.env.CI === 'true') {
  it('a machine of the continuous integration can mount a small disk', () => {
    expect(disk).toBeDefined();
  });
}

describe.runIf(disk)('on a full disk', () => {
  const root = disk?.path ?? '';
  const directory = join(root, 'journal');
  const ballast = join(root, 'ballast');
  let journal: Journal;

  beforeEach(() => {
    journal = Journal.open(directory, { segmentBytes: 300_000, retainBytes: 0 });
  });
  afterEach(() => {
    journal.close();
    rmSync(directory, { recursive: true, force: true });
    rmSync(ballast, { force: true });
  });
  afterAll(() => disk?.remove());

  /** Takes all the room there is, to the last block. */
  function fill(): void {
    for (let size = 256 * 1024; size >= 4096; ) {
      try {
        appendFileSync(ballast, Buffer.alloc(size));
      } catch {
        size /= 2;
      }
    }
  }

  /** Appends events until the journal refuses; returns every line that it took. */
  function appendUntilFull(id: string): Buffer[] {
    const lines: Buffer[] = [];
    for (;;) {
      const line = eventLine(journal.lastSeq + 1, id, 'x'.repeat(1000 + 997 * (lines.length % 5)));
      const before = { tail: journal.tail, lastSeq: journal.lastSeq };
      try {
        put(journal, line);
      } catch (error) {
        expect(error).toEqual(FULL);
        expect(journal).toMatchObject(before);
        return lines;
      }
      lines.push(line);
    }
  }

  function begin(id: string): Buffer {
    const line = beginLine(journal.lastSeq + 1, id);
    put(journal, line);
    return line;
  }

  it('nothing is torn: what was refused is not in the file, not even a part of it', () => {
    const lines = [begin('a'), ...appendUntilFull('a')];
    const last = segmentsIn(directory).at(-1) as string;
    const before = lines.slice(Number.parseInt(last, 10) - 1);
    expect(sizeOf(join(directory, last))).toBe(Buffer.concat(before).length);
    expect(readAll(journal).equals(Buffer.concat(lines))).toBe(true);
    expect(journal.healthy).toBe(false);
  });

  it('a batch of many lines is taken whole or not at all', () => {
    fill();
    rmSync(join(directory, 'reserve'));
    const lines = Array.from({ length: 100 }, (_, i) => eventLine(i + 1, 'a', 'x'.repeat(1000)));
    expect(() => journal.append(lines, Buffer.concat(lines).length, 1, 100)).toThrow(FULL);
    expect(journal).toMatchObject({ lastSeq: 0, tail: 0 });
    expect(sizeOf(join(directory, segmentsIn(directory)[0] as string))).toBe(0);
  });

  it('the end of the command is written to the reserve, read, and found after a restart', () => {
    const lines = [begin('a'), ...appendUntilFull('a')];
    fill();
    // Longer than what may be left of the last block.
    const end = endLine(journal.lastSeq + 1, 'a', 'x'.repeat(5000));
    expect(() => put(journal, end)).toThrow(FULL);
    journal.appendFromReserve(end, journal.lastSeq + 1);
    note(journal, end);
    lines.push(end);
    expect(journal.lastSeq).toBe(lines.length);
    expect(readAll(journal).equals(Buffer.concat(lines))).toBe(true);
    expect(existsSync(join(directory, 'reserve'))).toBe(false);

    const { id, lastSeq } = journal;
    journal.close();
    fill();
    journal = Journal.open(directory);
    expect(journal).toMatchObject({ id, lastSeq, unended: [], healthy: false });
    expect(journal.lookup('a')?.endSeq).toBe(lastSeq);
    expect(readAll(journal).equals(Buffer.concat(lines))).toBe(true);
  });

  it('the very first command can end, too', () => {
    fill();
    const line = beginLine(1, 'a');
    expect(() => put(journal, line)).toThrow(FULL);
    journal.appendFromReserve(endLine(1, 'a'), 1);
    expect(readAll(journal).toString()).toBe(endLine(1, 'a').toString());
    expect(segmentsIn(directory)).toHaveLength(1);
  });

  it('no second line comes from the reserve, until there is room and it is restored', () => {
    begin('a');
    appendUntilFull('a');
    fill();
    journal.appendFromReserve(endLine(journal.lastSeq + 1, 'a'), journal.lastSeq + 1);
    expect(() => journal.appendFromReserve(endLine(journal.lastSeq + 1, 'a'), journal.lastSeq + 1)).toThrow(FULL);
    fill();
    expect(journal.restoreReserve()).toBe(false);
    rmSync(ballast);
    expect(journal.restoreReserve()).toBe(true);
    expect(journal.healthy).toBe(true);
    const again = putCommands(journal, ['b'], 3);
    expect(readAll(journal, journal.lastSeq - 5).equals(Buffer.concat(again))).toBe(true);
    fill();
    expect(() => put(journal, eventLine(journal.lastSeq + 1, 'b', 'x'.repeat(9000)))).toThrow(FULL);
    journal.appendFromReserve(endLine(journal.lastSeq + 1, 'c'), journal.lastSeq + 1);
  });

  it('the reserve holds blocks, not a hole, and takes no line larger than itself', () => {
    expect(statSync(join(directory, 'reserve')).blocks * 512).toBeGreaterThanOrEqual(64 * 1024);
    const line = eventLine(1, 'a', 'x'.repeat(64 * 1024));
    expect(() => journal.appendFromReserve(line, 1)).toThrow(FULL);
    expect(journal.lastSeq).toBe(0);
    journal.appendFromReserve(endLine(1, 'a'), 1);
  });

  it('an acknowledgement still makes room, and the ids of what goes are kept', () => {
    putCommands(journal, ['a', 'b'], 100, 1200);
    begin('c');
    appendUntilFull('c');
    fill();
    expect(journal.firstSeq).toBe(1);
    journal.acknowledge(journal.lastSeq);
    expect(journal.firstSeq).toBeGreaterThan(1);
    put(journal, eventLine(journal.lastSeq + 1, 'c'));
    const { id } = journal;
    journal.close();
    journal = Journal.open(directory);
    expect(journal.id).toBe(id);
    expect(journal.lookup('a')).toMatchObject({ beginSeq: 1, endSeq: 102 });
    expect(journal.unended.map((each) => each.id)).toEqual(['c']);
  });

  it('a new journal opens, refuses to be healthy, and becomes so when there is room', () => {
    journal.close();
    rmSync(directory, { recursive: true });
    fill();
    journal = Journal.open(directory);
    expect(journal.healthy).toBe(false);
    const line = eventLine(1, 'a');
    expect(() => put(journal, line)).toThrow(FULL);
    writeFileSync(ballast, '');
    expect(journal.restoreReserve()).toBe(true);
    put(journal, line);
    const { id } = journal;
    journal.close();
    journal = Journal.open(directory);
    expect([journal.id, journal.lastSeq]).toEqual([id, 1]);
  });
});
