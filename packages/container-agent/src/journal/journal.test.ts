import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Journal } from './journal.ts';
import { crashImage, freshDirectory, openJournal } from './testing/directory.ts';
import { beginLine, endLine, eventLine, put, putCommands, readAll, segmentsIn } from './testing/lines.ts';

describe('a new journal', () => {
  it('is empty, private and has an id that it keeps', () => {
    const directory = freshDirectory();
    const journal = openJournal(directory);
    expect(journal).toMatchObject({ lastSeq: 0, firstSeq: 1, ackedSeq: 0, tail: 0, ackedAt: 0, diskBytes: 0 });
    expect(journal).toMatchObject({ healthy: true, unended: [] });
    expect(journal.id).toMatch(/^[a-z0-9]{12}$/);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const name of ['journal.json', 'reserve', ...segmentsIn(directory)]) {
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
    }
    journal.close();
    expect(openJournal(directory).id).toBe(journal.id);
  });

  it('is refused where its directory is a symbolic link or a file', () => {
    const directory = freshDirectory();
    mkdirSync(`${directory}-target`);
    symlinkSync(`${directory}-target`, directory);
    expect(() => Journal.open(directory)).toThrow(expect.objectContaining({ code: 'CCB_JOURNAL_LOST' }));
    const file = join(dirname(directory), 'file');
    writeFileSync(file, '');
    expect(() => Journal.open(file)).toThrow(expect.objectContaining({ code: 'CCB_JOURNAL_LOST' }));
  });
});

describe('the lines', () => {
  it('are stored verbatim, many buffers to one append', () => {
    const directory = freshDirectory();
    const journal = openJournal(directory);
    const lines = Array.from({ length: 3000 }, (_, i) => eventLine(i + 1, 'a', `line ${i}`));
    const bytes = Buffer.concat(lines);
    journal.append(lines, bytes.length, 1, lines.length);
    expect(readFileSync(join(directory, segmentsIn(directory)[0] as string)).equals(bytes)).toBe(true);
    expect(journal).toMatchObject({ lastSeq: 3000, tail: bytes.length });
    expect(readAll(journal).equals(bytes)).toBe(true);
  });

  it('can be read from after any of them, in this process and the next, over segments and windows', () => {
    const directory = freshDirectory();
    const options = { segmentBytes: 20_000 };
    const journal = openJournal(directory, options);
    const lines = putCommands(journal, ['a', 'b', 'c'], 40, 300);
    lines.push(...putCommands(journal, ['big'], 3, 200_000));
    journal.close();
    const again = openJournal(directory, options);
    expect(segmentsIn(directory).length).toBeGreaterThan(3);
    lines.push(...putCommands(again, ['d'], 5, 100));
    const starts = [0];
    for (const line of lines) starts.push((starts.at(-1) as number) + line.length);
    expect(starts.map((_, seq) => again.position(seq))).toEqual(starts);
    expect(readAll(again).equals(Buffer.concat(lines))).toBe(true);
    expect(readAll(again, 100).equals(Buffer.concat(lines.slice(100)))).toBe(true);
  });

  it('are found again when a batch of several MiB is in one index step', () => {
    const directory = freshDirectory();
    const journal = openJournal(directory);
    const lines = Array.from({ length: 3000 }, (_, i) => eventLine(i + 1, 'a', 'x'.repeat(900 + (i % 7))));
    const bytes = lines.reduce((sum, line) => sum + line.length, 0);
    journal.append(lines, bytes, 1, 3000);
    journal.close();
    const again = openJournal(directory);
    for (const after of [0, 1, 999, 1234, 2998, 2999, 3000]) {
      const expected = lines.slice(0, after).reduce((sum, line) => sum + line.length, 0);
      expect(again.position(after)).toBe(expected);
    }
  });

  it('are only read whole, and a line larger than the buffer says so', () => {
    const journal = openJournal(freshDirectory());
    const [first, second] = [eventLine(1, 'a'), eventLine(2, 'a', 'x'.repeat(500))];
    put(journal, first);
    put(journal, second);
    const buffer = Buffer.alloc(first.length + 10);
    expect(journal.readLines(0, buffer)).toEqual({ bytes: first.length, larger: false });
    expect(journal.readLines(first.length, buffer)).toEqual({ bytes: 0, larger: true });
    expect(journal.readLines(journal.tail, buffer)).toEqual({ bytes: 0, larger: false });
  });

  it('must follow each other, and a wrong batch changes nothing', () => {
    const journal = openJournal(freshDirectory());
    const line = eventLine(1, 'a');
    expect(() => journal.append([line], line.length, 2, 2)).toThrow(RangeError);
    expect(() => journal.append([line], line.length + 1, 1, 1)).toThrow(RangeError);
    expect(() => journal.append([line], line.length, 1, 0)).toThrow(RangeError);
    expect(journal.tail).toBe(0);
    put(journal, line);
    expect(journal.lastSeq).toBe(1);
  });

  it('beyond the last are lost, and impossible places a RangeError', () => {
    const journal = openJournal(freshDirectory());
    putCommands(journal, ['a']);
    expect(() => journal.position(4)).toThrow(expect.objectContaining({ code: 'CCB_JOURNAL_LOST' }));
    expect(() => journal.position(-1)).toThrow(RangeError);
    expect(() => journal.position(0.5)).toThrow(RangeError);
    expect(() => journal.read(journal.tail + 1, Buffer.alloc(1))).toThrow(RangeError);
  });

  it('that somebody cut away are an error, not an endless wait', () => {
    const directory = freshDirectory();
    const journal = openJournal(directory);
    putCommands(journal, ['a']);
    writeFileSync(join(directory, segmentsIn(directory)[0] as string), '');
    const lost = expect.objectContaining({ code: 'CCB_JOURNAL_LOST' });
    expect(() => journal.read(0, Buffer.alloc(10))).toThrow(lost);
    expect(() => journal.position(1)).toThrow(lost);
  });
});

describe('the ids', () => {
  it('are known with their digest and place, and those without an end are named after a crash', () => {
    const directory = freshDirectory();
    const journal = openJournal(directory);
    putCommands(journal, ['a', 'quo"te\\ü']);
    put(journal, beginLine(7, 'c', 'x'.repeat(600_000)));
    put(journal, eventLine(8, 'c'));
    const again = openJournal(crashImage(directory));
    expect(again.id).toBe(journal.id);
    expect(again.lookup('a')).toEqual({ digest: 'digest of a', beginSeq: 1, endSeq: 3 });
    expect(again.lookup('quo"te\\ü')).toEqual({ digest: 'digest of quo"te\\ü', beginSeq: 4, endSeq: 6 });
    expect(again.lookup('never')).toBeUndefined();
    expect(again.unended).toEqual([{ id: 'c', beginSeq: 7 }]);
    put(again, endLine(9, 'c'));
    expect(again.unended).toEqual([]);
  });

  it('are the last 10,000, in this process and the next', () => {
    const directory = freshDirectory();
    const journal = openJournal(directory);
    const lines: Buffer[] = [];
    for (let i = 0; i < 10_005; i++) lines.push(beginLine(2 * i + 1, `id-${i}`), endLine(2 * i + 2, `id-${i}`));
    journal.append(lines, Buffer.concat(lines).length, 1, lines.length);
    for (let i = 0; i < 10_005; i++) {
      journal.noteBegin(`id-${i}`, `digest of id-${i}`, 2 * i + 1);
      journal.noteEnd(`id-${i}`, 2 * i + 2);
    }
    for (const each of [journal, openJournal(crashImage(directory))]) {
      expect(each.lookup('id-4')).toBeUndefined();
      expect(each.lookup('id-5')).toEqual({ digest: 'digest of id-5', beginSeq: 11, endSeq: 12 });
      expect(each.lookup('id-10004')?.endSeq).toBe(20_010);
    }
  });
});

describe('a closed journal', () => {
  it('says so, and closing it twice is nothing', () => {
    const journal = openJournal(freshDirectory());
    journal.close();
    journal.close();
    const line = eventLine(1, 'a');
    const closed = expect.objectContaining({ code: 'CCB_CLOSED' });
    expect(() => journal.append([line], line.length, 1, 1)).toThrow(closed);
    expect(() => journal.read(0, Buffer.alloc(1))).toThrow(closed);
    expect(() => journal.position(0)).toThrow(closed);
    expect(() => journal.restoreReserve()).toThrow(closed);
    journal.acknowledge(1);
  });
});
