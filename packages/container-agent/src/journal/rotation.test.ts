import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Journal } from './journal.ts';
import { crashImage, freshDirectory, openJournal } from './testing/directory.ts';
import { beginLine, eventLine, put, putCommands, readAll, segmentsIn, sizeOf } from './testing/lines.ts';

const OPTIONS = { segmentBytes: 4000, retainBytes: 10_000, reserveBytes: 4096 };

function onDisk(directory: string): number {
  return segmentsIn(directory).reduce((sum, name) => sum + sizeOf(join(directory, name)), 0);
}

/** A journal that has rotated ids away. */
function rotated(): { directory: string; journal: Journal } {
  const directory = freshDirectory();
  const journal = openJournal(directory, OPTIONS);
  for (let i = 0; i < 60; i++) {
    putCommands(journal, [`id-${i}`], 5, 40);
    journal.acknowledge(journal.lastSeq);
  }
  expect(journal.firstSeq).toBeGreaterThan(50);
  return { directory, journal };
}

describe('rotation', () => {
  it('touches nothing that is not acknowledged', () => {
    const directory = freshDirectory();
    const journal = openJournal(directory, OPTIONS);
    const lines = putCommands(journal, ['a'], 500, 40);
    journal.acknowledge(10);
    expect(journal).toMatchObject({ firstSeq: 1, ackedSeq: 10 });
    expect(journal.diskBytes).toBe(Buffer.concat(lines).length);
    expect(readAll(journal).equals(Buffer.concat(lines))).toBe(true);
  });

  it('removes acknowledged segments within a running command, oldest first, and keeps what a consumer may go back to', () => {
    const directory = freshDirectory();
    const journal = openJournal(directory, OPTIONS);
    const lines = putCommands(journal, ['a'], 500, 40);
    journal.acknowledge(400);
    expect(journal.firstSeq).toBeGreaterThan(1);
    expect(journal.position(400) - journal.position(journal.firstSeq - 1)).toBeGreaterThanOrEqual(OPTIONS.retainBytes);
    expect(readAll(journal).equals(Buffer.concat(lines.slice(journal.firstSeq - 1)))).toBe(true);
    expect(() => journal.position(0)).toThrow(
      expect.objectContaining({ code: 'CCB_JOURNAL_GAP', firstSeq: journal.firstSeq }),
    );
    expect(() => journal.read(0, Buffer.alloc(10))).toThrow(expect.objectContaining({ code: 'CCB_JOURNAL_GAP' }));
    expect(journal.diskBytes).toBe(onDisk(directory));
  });

  it('keeps the disk within unacknowledged + retained + two segments, whatever is appended and acknowledged', () => {
    const step = fc.record({
      size: fc.integer({ min: 0, max: 1200 }),
      batch: fc.integer({ min: 1, max: 3 }),
      ack: fc.integer({ min: 0, max: 60 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
        const directory = freshDirectory();
        const journal = openJournal(directory, OPTIONS);
        const ends = [0];
        for (const { size, batch, ack } of steps) {
          const first = journal.lastSeq + 1;
          const lines = Array.from({ length: batch }, (_, i) => eventLine(first + i, 'a', 'x'.repeat(size)));
          for (const line of lines) ends.push((ends.at(-1) as number) + line.length);
          journal.append(lines, Buffer.concat(lines).length, first, first + batch - 1);
          journal.acknowledge(journal.lastSeq - ack);
          const unacked = journal.tail - (ends[journal.ackedSeq] as number);
          expect(journal.ackedAt).toBeLessThanOrEqual(ends[journal.ackedSeq] as number);
          expect(onDisk(directory)).toBeLessThanOrEqual(unacked + OPTIONS.retainBytes + 2 * OPTIONS.segmentBytes);
          expect(journal.firstSeq).toBeLessThanOrEqual(journal.ackedSeq + 1);
        }
        journal.close();
        rmSync(directory, { recursive: true });
      }),
      { seed: 7, numRuns: 15 },
    );
  });

  it('ignores an acknowledgement that goes back, and takes one from the future as all', () => {
    const journal = openJournal(freshDirectory(), OPTIONS);
    putCommands(journal, ['a', 'b']);
    journal.acknowledge(4);
    journal.acknowledge(2);
    journal.acknowledge(Number.NaN);
    expect(journal.ackedSeq).toBe(4);
    journal.acknowledge(1000);
    expect(journal.ackedSeq).toBe(6);
    expect(journal.ackedAt).toBe(journal.tail);
  });
});

describe('the acknowledgement', () => {
  it('is remembered by a close', () => {
    const directory = freshDirectory();
    const journal = openJournal(directory, OPTIONS);
    putCommands(journal, ['a', 'b']);
    journal.acknowledge(4);
    journal.close();
    expect(openJournal(directory, OPTIONS).ackedSeq).toBe(4);
  });

  it('is older after a crash, but never before what was rotated away', () => {
    const { directory, journal } = rotated();
    putCommands(journal, ['more']);
    journal.acknowledge(journal.lastSeq);
    const again = openJournal(crashImage(directory), OPTIONS);
    expect(again.id).toBe(journal.id);
    expect(again.ackedSeq).toBeLessThan(journal.ackedSeq);
    expect(again.ackedSeq).toBeGreaterThanOrEqual(again.firstSeq - 1);
    expect(again.ackedAt).toBeLessThanOrEqual(again.position(again.ackedSeq));
  });
});

describe('the ids of rotated lines', () => {
  it('are known after a restart, with their ends', () => {
    const { directory, journal } = rotated();
    const again = openJournal(crashImage(directory), OPTIONS);
    for (let i = 0; i < 60; i++) {
      expect(again.lookup(`id-${i}`)).toEqual({ digest: `digest of id-${i}`, beginSeq: 7 * i + 1, endSeq: 7 * i + 7 });
      expect(again.lookup(`id-${i}`)).toEqual(journal.lookup(`id-${i}`));
    }
    expect(again.unended).toEqual([]);
  });

  it('are unended after a crash when only the begin was rotated away', () => {
    const directory = freshDirectory();
    const journal = openJournal(directory, OPTIONS);
    put(journal, beginLine(1, 'long'));
    for (let i = 0; i < 500; i++) put(journal, eventLine(i + 2, 'long', 'x'.repeat(40)));
    journal.acknowledge(journal.lastSeq);
    expect(journal.firstSeq).toBeGreaterThan(1);
    const again = openJournal(crashImage(directory), OPTIONS);
    expect(again.unended).toEqual([{ id: 'long', beginSeq: 1 }]);
  });

  it('survive a torn line in their file and go on after it', () => {
    const { directory } = rotated();
    const image = crashImage(directory);
    appendFileSync(join(image, 'ids.log'), '["torn","dig');
    const again = openJournal(image, OPTIONS);
    for (let i = 60; i < 120; i++) {
      putCommands(again, [`id-${i}`], 5, 40);
      again.acknowledge(again.lastSeq);
    }
    const third = openJournal(crashImage(image), OPTIONS);
    expect(third.lookup('torn')).toBeUndefined();
    for (let i = 0; i < 120; i++) expect(third.lookup(`id-${i}`)?.endSeq).toBe(7 * i + 7);
  });

  it('do not stop the journal when their file is garbage', () => {
    const { directory, journal } = rotated();
    writeFileSync(join(directory, 'ids.log'), '\0\n[]\n{}\nnull\n[1,2,3,4]\n["x","y",-1,null]\n["x","y",1,1e99]\n');
    const again = openJournal(directory, OPTIONS);
    expect(again.id).toBe(journal.id);
    expect(again.lookup('x')).toBeUndefined();
    expect(again.lookup('id-59')).toBeDefined();
  });

  it('are compacted: the file stays small over any number of commands', () => {
    const directory = freshDirectory();
    const journal = openJournal(directory, { ...OPTIONS, segmentBytes: 100_000 });
    const total = 23_000;
    for (let i = 0; i < total; i += 100) {
      putCommands(
        journal,
        Array.from({ length: 100 }, (_, k) => `id-${i + k}`),
        0,
      );
      journal.acknowledge(journal.lastSeq);
    }
    expect(existsSync(join(directory, 'ids.log'))).toBe(true);
    expect(readFileSync(join(directory, 'ids.log'), 'utf8').split('\n').length).toBeLessThan(22_000);
    const again = openJournal(crashImage(directory), OPTIONS);
    expect(again.lookup(`id-${total - 10_001}`)).toBeUndefined();
    expect(again.lookup(`id-${total - 10_000}`)?.endSeq).toBe(2 * (total - 10_000) + 2);
  }, 20_000);
});
