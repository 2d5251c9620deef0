import { execFileSync } from 'node:child_process';
import {
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Journal } from './journal.ts';
import { crashImage, freshDirectory, openJournal } from './testing/directory.ts';
import { eventLine, put, putCommands, readAll, segmentsIn, setAsideIn } from './testing/lines.ts';

const OPTIONS = { segmentBytes: 2000, reserveBytes: 4096 };

function killed(): { directory: string; id: string; lines: Buffer[] } {
  const directory = freshDirectory();
  const journal = openJournal(directory, OPTIONS);
  const lines = putCommands(journal, ['a', 'b', 'c', 'd'], 8, 40);
  return { directory: crashImage(directory), id: journal.id, lines };
}

/** Each puts something at `path` that claims to be the journal's; `outside` must not change. */
const plants: [string, (path: string, outside: string) => void][] = [
  ['a symbolic link to such a file', (path, outside) => symlinkSync(outside, path)],
  ['a symbolic link to nothing', (path) => symlinkSync('/nonexistent/ccb', path)],
  ['a FIFO', (path) => execFileSync('mkfifo', [path])],
  ['a second name of such a file', (path, outside) => linkSync(outside, path)],
  ['a directory with something in it', (path) => mkdirSync(join(path, 'deep'), { recursive: true })],
  [
    'a sparse file of 1 TB',
    (path) => {
      writeFileSync(path, '');
      truncateSync(path, 2 ** 40);
    },
  ],
];

function expectGoesOn(journal: Journal): void {
  const next = eventLine(journal.lastSeq + 1, 'later');
  put(journal, next);
  expect(readAll(journal, journal.lastSeq - 1).toString()).toBe(next.toString());
  expect(journal.healthy).toBe(true);
}

describe.each(plants)('%s', (_, plant) => {
  it('in the place of the last segment is set aside unread, and the id is renewed', () => {
    const { directory, id } = killed();
    const name = segmentsIn(directory).at(-1) as string;
    const outside = join(directory, '..', 'outside');
    renameSync(join(directory, name), outside);
    const content = readFileSync(outside);
    plant(join(directory, name), outside);
    const started = Date.now();
    const journal = openJournal(directory, OPTIONS);
    expect(Date.now() - started).toBeLessThan(10_000);
    expect(journal.id).not.toBe(id);
    expect(setAsideIn(directory)).toContain(name);
    expectGoesOn(journal);
    expect(readFileSync(outside).equals(content)).toBe(true);
  });

  it('in the place of the first segment is set aside, and costs only that', () => {
    const { directory, id, lines } = killed();
    const [first, second] = segmentsIn(directory) as [string, string];
    const outside = join(directory, '..', 'outside');
    renameSync(join(directory, first), outside);
    plant(join(directory, first), outside);
    const journal = openJournal(directory, OPTIONS);
    expect(journal.id).toBe(id);
    const kept = lines.slice(Number.parseInt(second, 10) - 1);
    expect(readAll(journal).equals(Buffer.concat(kept))).toBe(true);
    expect(setAsideIn(directory)).toEqual([first]);
    expectGoesOn(journal);
  });

  it.each(['journal.json', 'ids.log', 'reserve'])('in the place of %s is set aside', (name) => {
    const { directory, id, lines } = killed();
    const outside = join(directory, '..', 'outside');
    writeFileSync(outside, JSON.stringify({ version: 1, journalId: id, ackedSeq: 0, lastSeq: 0 }));
    const content = readFileSync(outside);
    rmSync(join(directory, name), { force: true });
    plant(join(directory, name), outside);
    const journal = openJournal(directory, OPTIONS);
    expect(setAsideIn(directory)).toEqual([name]);
    expect(journal.id === id).toBe(name !== 'journal.json');
    expect(readAll(journal).equals(Buffer.concat(lines))).toBe(true);
    expectGoesOn(journal);
    expect(readFileSync(outside).equals(content)).toBe(true);
  });

  it('in the place of a segment that is being read is refused', () => {
    const { directory } = killed();
    const journal = openJournal(directory, OPTIONS);
    const [first] = segmentsIn(directory) as [string];
    const outside = join(directory, '..', 'outside');
    renameSync(join(directory, first), outside);
    plant(join(directory, first), outside);
    expect(() => journal.read(0, Buffer.alloc(100))).toThrow(expect.objectContaining({ code: 'CCB_JOURNAL_LOST' }));
  });
});

describe('in a directory where anybody may write', () => {
  it('the permissions are taken back', () => {
    const { directory } = killed();
    execFileSync('chmod', ['0777', directory]);
    openJournal(directory, OPTIONS);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it.runIf(process.getuid?.() === 0)('a segment that belongs to somebody else is set aside', () => {
    const { directory, id } = killed();
    const name = segmentsIn(directory).at(-1) as string;
    chownSync(join(directory, name), 12345, 12345);
    const journal = openJournal(directory, OPTIONS);
    expect(journal.id).not.toBe(id);
    expect(setAsideIn(directory)).toContain(name);
  });

  it('no descriptor is left after a close', () => {
    const { directory } = killed();
    const before = readdirSync('/proc/self/fd').length;
    const journal = openJournal(directory, OPTIONS);
    readAll(journal);
    put(journal, eventLine(journal.lastSeq + 1, 'x', 'x'.repeat(3000)));
    journal.close();
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
