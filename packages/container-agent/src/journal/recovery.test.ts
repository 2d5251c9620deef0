import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Journal } from './journal.ts';
import { crashImage, freshDirectory, openJournal } from './testing/directory.ts';
import {
  beginLine,
  cut,
  eventLine,
  overwrite,
  put,
  putCommands,
  readAll,
  segmentsIn,
  setAsideIn,
  sizeOf,
} from './testing/lines.ts';

const OPTIONS = { segmentBytes: 2000, reserveBytes: 4096 };

/** What a killed process left: several segments with the lines of four commands. */
function killed(): { directory: string; id: string; lines: Buffer[] } {
  const directory = freshDirectory();
  const journal = openJournal(directory, OPTIONS);
  const lines = putCommands(journal, ['a', 'b', 'c', 'd'], 8, 40);
  return { directory: crashImage(directory), id: journal.id, lines };
}

function lastSegment(directory: string): string {
  return join(directory, segmentsIn(directory).at(-1) as string);
}

/** The run that is served is exactly these lines, and the journal goes on. */
function expectServed(journal: Journal, lines: readonly Buffer[]): void {
  expect(readAll(journal).toString()).toBe(Buffer.concat(lines).toString());
  const next = eventLine(journal.lastSeq + 1, 'later');
  put(journal, next);
  expect(readAll(journal, journal.lastSeq - 1).equals(next)).toBe(true);
}

describe('a torn end', () => {
  it('of the first line leaves an empty journal under its id', () => {
    const directory = freshDirectory();
    const journal = openJournal(directory);
    writeFileSync(lastSegment(directory), eventLine(1, 'a').subarray(0, 30));
    const again = openJournal(crashImage(directory));
    expect([again.id, again.lastSeq, again.firstSeq]).toEqual([journal.id, 0, 1]);
    expectServed(again, []);
  });
});

describe('an end that proves nothing', () => {
  const tails: [string, Buffer][] = [
    ['zeros', Buffer.alloc(5000)],
    ['the beginning of a line and zeros', Buffer.concat([eventLine(41, 'x').subarray(0, 40), Buffer.alloc(5000)])],
    ['noise', Buffer.from('\u0001\u0002 noise')],
    ['a foreign line', Buffer.from('{"hello":"world"}\n')],
    ['a line that skips one', eventLine(42, 'x')],
    ['a line that is not JSON', Buffer.from('{"type":"event","seq":41,"id":"x","at":"","event":{"}\n')],
    ['a begin without digest', Buffer.from('{"type":"begin","seq":41,"id":"x","at":"","text":""}\n')],
  ];

  it.each(tails)('(%s) renews the id, keeps every line, and is not in the way at the next start', (_, tail) => {
    const { directory, id, lines } = killed();
    expect(lines.length).toBe(40);
    appendFileSync(lastSegment(directory), tail);
    const journal = openJournal(directory, OPTIONS);
    expect(journal.id).not.toBe(id);
    expect(journal.lookup('d')?.endSeq).toBe(40);
    expectServed(journal, lines);
    const again = openJournal(crashImage(directory), OPTIONS);
    expect([again.id, again.lastSeq]).toEqual([journal.id, 41]);
  });

  it('with a begun command behind it never lets that id begin again, and gives no number twice', () => {
    const { directory, id, lines } = killed();
    appendFileSync(
      lastSegment(directory),
      Buffer.concat([Buffer.alloc(100), Buffer.from('\n'), beginLine(45, 'late')]),
    );
    const journal = openJournal(directory, OPTIONS);
    expect(journal.id).not.toBe(id);
    expect(journal).toMatchObject({ lastSeq: 45, firstSeq: 46 });
    expect(journal.unended).toEqual([{ id: 'late', beginSeq: 45 }]);
    expect(journal.lookup('a')?.endSeq).toBe(10);
    expect(() => journal.position(44)).toThrow(expect.objectContaining({ code: 'CCB_JOURNAL_GAP', firstSeq: 46 }));
    expect(setAsideIn(directory).length).toBeGreaterThan(1);
    expect(lines.length).toBe(40);
    expectServed(journal, []);
    const again = openJournal(crashImage(directory), OPTIONS);
    expect(again.id).toBe(journal.id);
    for (const name of ['a', 'b', 'c', 'd', 'late']) expect(again.lookup(name)).toEqual(journal.lookup(name));
  });

  it('(lines are missing that were there at a clean close) renews the id', () => {
    const directory = freshDirectory();
    const journal = openJournal(directory, OPTIONS);
    putCommands(journal, ['a'], 8, 40);
    journal.close();
    cut(lastSegment(directory), 0);
    const again = openJournal(directory, OPTIONS);
    expect(again.id).not.toBe(journal.id);
    expect(again.lastSeq).toBe(10);
  });
});

describe('segments that are missing', () => {
  it('at the start are a gap: the end is proven', () => {
    const { directory, id, lines } = killed();
    const [first, second] = segmentsIn(directory) as [string, string];
    rmSync(join(directory, first));
    const journal = openJournal(directory, OPTIONS);
    const from = Number.parseInt(second, 10);
    expect([journal.id, journal.firstSeq]).toEqual([id, from]);
    expect(() => journal.position(0)).toThrow(expect.objectContaining({ code: 'CCB_JOURNAL_GAP', firstSeq: from }));
    expectServed(journal, lines.slice(from - 1));
  });

  it('in the middle are a gap too, and what lies before is set aside, not deleted', () => {
    const { directory, id, lines } = killed();
    const names = segmentsIn(directory);
    expect(names.length).toBeGreaterThan(3);
    rmSync(join(directory, names[1] as string));
    const journal = openJournal(directory, OPTIONS);
    expect(journal.id).toBe(id);
    expect(setAsideIn(directory)).toEqual([names[0]]);
    expectServed(journal, lines.slice(Number.parseInt(names[2] as string, 10) - 1));
    for (const each of [journal, openJournal(crashImage(directory), OPTIONS)]) {
      expect(each.lookup('a')?.beginSeq).toBe(1);
    }
  });

  it('at the end, of which the state knows, renew the id and the numbers go on', () => {
    const { directory, id } = killed();
    const lost = segmentsIn(directory).slice(-2);
    for (const name of lost) rmSync(join(directory, name));
    const journal = openJournal(directory, OPTIONS);
    expect(journal.id).not.toBe(id);
    expect(journal.lastSeq).toBe(Number.parseInt(lost[1] as string, 10));
    expectServed(journal, []);
  });

  it('altogether renew the id', () => {
    const { directory, id } = killed();
    for (const name of segmentsIn(directory)) rmSync(join(directory, name));
    const journal = openJournal(directory, OPTIONS);
    expect(journal.id).not.toBe(id);
    expectServed(journal, []);
  });
});

describe('what was set aside', () => {
  it('is in one directory at most, however often something is lost', () => {
    const { directory } = killed();
    for (let round = 0; round < 3; round++) {
      const journal = openJournal(directory, OPTIONS);
      putCommands(journal, [`round ${round}`], 40, 40);
      journal.close();
      rmSync(join(directory, segmentsIn(directory).at(-2) as string));
    }
    openJournal(directory, OPTIONS);
    expect(readdirSync(directory).filter((name) => name.startsWith('lost-'))).toHaveLength(1);
  });
});

describe('the state file', () => {
  it.each(['', 'garbage', '{}', 'null', '[]', '{"version":1,"journalId":"../../etc","ackedSeq":0,"lastSeq":0}'])(
    'reading %j renews the id and keeps the lines',
    (text) => {
      const { directory, id, lines } = killed();
      writeFileSync(join(directory, 'journal.json'), text);
      const journal = openJournal(directory, OPTIONS);
      expect(journal.id).not.toBe(id);
      expectServed(journal, lines);
      expect(openJournal(crashImage(directory), OPTIONS).id).toBe(journal.id);
    },
  );

  it('of a newer version is an error that says to upgrade, and nothing is touched', () => {
    const { directory } = killed();
    appendFileSync(lastSegment(directory), 'torn');
    writeFileSync(join(directory, 'journal.json'), '{"version":2}');
    const before = readdirSync(directory).map((name) => [name, sizeOf(join(directory, name))]);
    expect(() => Journal.open(directory, OPTIONS)).toThrow(
      expect.objectContaining({ code: 'CCB_JOURNAL_VERSION', message: expect.stringContaining('Upgrade ccb') }),
    );
    expect(readdirSync(directory).map((name) => [name, sizeOf(join(directory, name))])).toEqual(before);
  });

  it('that acknowledges more than there is renews the id', () => {
    const { directory, id } = killed();
    writeFileSync(
      join(directory, 'journal.json'),
      JSON.stringify({ version: 1, journalId: id, ackedSeq: 50, lastSeq: 0 }),
    );
    const journal = openJournal(directory, OPTIONS);
    expect(journal.id).not.toBe(id);
    expect(journal).toMatchObject({ lastSeq: 50, ackedSeq: 50 });
  });
});

describe('files of others', () => {
  it('with other names stay as they are', () => {
    const { directory, id, lines } = killed();
    for (const name of ['1.log', 'notes', '0000000000000001.log.gz', '9999999999999999.log']) {
      writeFileSync(join(directory, name), 'mine');
    }
    const journal = openJournal(directory, OPTIONS);
    expect(journal.id).toBe(id);
    expectServed(journal, lines);
    expect(readFileSync(join(directory, 'notes'), 'utf8')).toBe('mine');
  });

  it('with the name of the next segment are set aside while the journal runs', () => {
    const directory = freshDirectory();
    const journal = openJournal(directory, OPTIONS);
    putCommands(journal, ['a'], 8, 40);
    const planted = `${String(journal.lastSeq + 1).padStart(16, '0')}.log`;
    writeFileSync(join(directory, planted), 'mine');
    put(journal, eventLine(journal.lastSeq + 1, 'a', 'x'.repeat(3000)));
    expect(setAsideIn(directory)).toEqual([planted]);
    expect(readAll(journal).length).toBe(journal.tail);
  });
});

describe('bytes overwritten in the middle', () => {
  it('of an older segment cost that segment and what is before, not the id', () => {
    const { directory, id, lines } = killed();
    const [first, second] = segmentsIn(directory) as [string, string];
    overwrite(join(directory, first), 300, Buffer.alloc(10));
    const journal = openJournal(directory, OPTIONS);
    expect(journal.id).toBe(id);
    expect(setAsideIn(directory)).toEqual([first]);
    expectServed(journal, lines.slice(Number.parseInt(second, 10) - 1));
  });
});
