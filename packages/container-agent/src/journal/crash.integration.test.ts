import { existsSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JournalError } from './errors.ts';
import { Journal } from './journal.ts';
import { crashImage, freshDirectory, openJournal } from './testing/directory.ts';
import { eventLine, overwrite, put, putCommands, readAll, segmentsIn, sizeOf } from './testing/lines.ts';

const OPTIONS = { segmentBytes: 3000, retainBytes: 12_000, reserveBytes: 4096 };
const NAMES = ['journal.json', 'ids.log', 'reserve'];

type Damage =
  | {
      readonly kind: 'truncate' | 'zero' | 'garble';
      readonly file: number;
      readonly at: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'delete'; readonly file: number };

/** Files 0 to 8 are the newest segments, then the others. */
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant('delete' as const), file: fc.nat(11) }),
  fc.record({
    kind: fc.constantFrom('truncate' as const, 'zero' as const, 'garble' as const),
    file: fc.nat(11),
    at: fc.nat(3000),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 80 }),
  }),
);

function original(): { directory: string; id: string; lines: Buffer[] } {
  const directory = freshDirectory();
  const journal = openJournal(directory, OPTIONS);
  const lines: Buffer[] = [];
  for (let i = 0; i < 40; i++) {
    lines.push(...putCommands(journal, [`id-${i}`], (i % 5) + 1, (i * 37) % 150));
    if (i > 5) journal.acknowledge(journal.lastSeq - 15);
  }
  return { directory: crashImage(directory), id: journal.id, lines };
}

/** Returns false when the bytes may have changed in a way that no journal could see. */
function inflict(directory: string, { file, ...how }: Damage): boolean {
  const segments = segmentsIn(directory).reverse();
  const name = file < 9 ? segments[file % segments.length] : NAMES[file - 9];
  if (name === undefined || !existsSync(join(directory, name))) return true;
  const path = join(directory, name);
  if (how.kind === 'delete') {
    rmSync(path);
    return true;
  }
  const at = how.at % (sizeOf(path) + 1);
  if (how.kind === 'truncate') truncateSync(path, at);
  else overwrite(path, at, how.kind === 'zero' ? how.bytes.fill(0) : how.bytes);
  return how.kind !== 'garble';
}

describe('after any crash and any damage', () => {
  it('a torn end is cut off at the last whole line, whichever byte the last two lines were cut at', () => {
    const { directory, id, lines } = original();
    const [secondLast, last] = lines.slice(-2) as [Buffer, Buffer];
    for (let missing = 0; missing <= secondLast.length + last.length; missing++) {
      const image = crashImage(directory);
      const path = join(image, segmentsIn(image).at(-1) as string);
      truncateSync(path, sizeOf(path) - missing);
      const kept = lines.slice(0, lines.length - (missing === 0 ? 0 : missing <= last.length ? 1 : 2));
      const journal = Journal.open(image, OPTIONS);
      expect([journal.id, journal.lastSeq]).toEqual([id, kept.length]);
      expect(readAll(journal).equals(Buffer.concat(kept.slice(journal.firstSeq - 1)))).toBe(true);
      put(journal, eventLine(kept.length + 1, 'next'));
      journal.close();
      const again = Journal.open(image, OPTIONS);
      expect([again.id, again.lastSeq]).toEqual([id, kept.length + 1]);
      again.close();
      rmSync(image, { recursive: true });
    }
  });

  it('a journal opens, serves a contiguous run of the original lines, and goes on', () => {
    const { directory, id, lines } = original();
    expect(segmentsIn(directory).length).toBeGreaterThan(3);
    expect(segmentsIn(directory)[0]).not.toMatch(/0001\.log$/);
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
        const image = crashImage(directory);
        const visible = damages.map((each) => inflict(image, each)).every(Boolean);
        const journal = Journal.open(image, OPTIONS);
        try {
          const before = journal.lastSeq;
          const served = readAll(journal).toString('latin1');
          const rows = served.split('\n').slice(0, -1);
          expect(rows.length).toBe(before - journal.firstSeq + 1);
          rows.forEach((row, i) => {
            const seq = journal.firstSeq + i;
            if (visible) expect(row).toBe(lines[seq - 1]?.toString('latin1').slice(0, -1));
            else expect(row).toMatch(new RegExp(`^{"type":"(begin|event|end)","seq":${seq},"id":"`));
          });
          if (visible && journal.id === id) expect(before).toBeLessThanOrEqual(lines.length);
          expect(journal.ackedSeq).toBeLessThanOrEqual(before);
          for (const { id: unended } of journal.unended) expect(journal.lookup(unended)).toBeDefined();
          const next = eventLine(before + 1, 'next');
          put(journal, next);
          expect(readAll(journal, before).toString()).toBe(next.toString());
          journal.close();
          const again = Journal.open(image, OPTIONS);
          expect([again.id, again.lastSeq]).toEqual([journal.id, before + 1]);
          again.close();
        } finally {
          journal.close();
          rmSync(image, { recursive: true });
        }
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it('a journal id never comes back with fewer lines than its reader may have seen, when whole files vanish', () => {
    const { directory, id, lines } = original();
    const names = [...segmentsIn(directory), ...NAMES].filter((name) => existsSync(join(directory, name)));
    fc.assert(
      fc.property(fc.subarray(names, { minLength: 1 }), (gone) => {
        const image = crashImage(directory);
        for (const name of gone) rmSync(join(image, name));
        const journal = Journal.open(image, OPTIONS);
        const lastGone = gone.includes(segmentsIn(directory).at(-1) as string);
        if (lastGone) expect(journal.id).not.toBe(id);
        if (!lastGone && !gone.includes('journal.json'))
          expect([journal.id, journal.lastSeq]).toEqual([id, lines.length]);
        journal.close();
        rmSync(image, { recursive: true });
      }),
      { seed: 12, numRuns: 100 },
    );
  });

  it('noise in the place of every file is a new journal or a typed error', () => {
    const { directory, id } = original();
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { minLength: 8, maxLength: 8 }), (noise) => {
        const image = crashImage(directory);
        [...segmentsIn(image), ...NAMES].forEach((name, i) => {
          truncateSync(join(image, name), 0);
          overwrite(join(image, name), 0, noise[i % noise.length] as Uint8Array);
        });
        try {
          const journal = Journal.open(image, OPTIONS);
          expect(journal.id).not.toBe(id);
          put(journal, eventLine(journal.lastSeq + 1, 'next'));
          journal.close();
        } catch (error) {
          expect(error).toBeInstanceOf(JournalError);
        }
        rmSync(image, { recursive: true });
      }),
      { seed: 13, numRuns: 50 },
    );
  });
});
