import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Journal } from '../journal/journal.ts';
import { freshDirectory, openJournal } from '../journal/testing/directory.ts';
import { eventLine, put, readAll } from '../journal/testing/lines.ts';
import { Sender } from './sender.ts';
import { RecordingOutlet } from './testing/recording-outlet.ts';
import { quiet } from './testing/rig.ts';

function parts(options?: Parameters<typeof openJournal>[1]): {
  journal: Journal;
  sender: Sender;
  outlet: RecordingOutlet;
} {
  const journal = openJournal(freshDirectory(), options);
  return { journal, sender: new Sender(journal, quiet), outlet: new RecordingOutlet() };
}

/** Journals lines; a publisher hands them on afterwards. */
function append(journal: Journal, sizes: readonly number[]): { lines: Buffer[]; start: number; bytes: number } {
  const start = journal.tail;
  const lines = sizes.map((size, index) => eventLine(journal.lastSeq + 1 + index, 'a', 'x'.repeat(size)));
  const bytes = lines.reduce((sum, line) => sum + line.length, 0);
  journal.append(lines, bytes, journal.lastSeq + 1, journal.lastSeq + lines.length);
  return { lines, start, bytes };
}

test('an outlet gets the journal from the asked place on, each byte once, whatever is interleaved', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('publish' as const),
        sizes: fc.array(fc.nat(3_000), { minLength: 1, maxLength: 4 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('journal' as const),
        sizes: fc.array(fc.nat(60_000), { minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('rewind' as const), to: fc.double({ min: 0, max: 1, noNaN: true }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constantFrom('pause', 'proceed', 'drain', 'catchUp', 'fill', 'empty') }),
    },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { journal, sender, outlet } = parts({ segmentBytes: 50_000 });
      append(journal, [10, 20]);
      let all = readAll(journal);
      let position = all.length;
      let paused = false;
      let queued = false;
      const pending: { lines: Buffer[]; start: number; bytes: number }[] = [];
      outlet.onWrite = (piece) => {
        expect(paused || queued).toBe(false);
        if (all.length < journal.tail) all = readAll(journal);
        expect(piece.equals(all.subarray(position, position + piece.length))).toBe(true);
        position += piece.length;
        queued = outlet.outcome === 'queued';
      };
      const drain = (): void => {
        queued = false;
        outlet.drain();
      };
      sender.attach(outlet, journal.lastSeq);
      for (const each of steps) {
        if (each.do === 'journal' || each.do === 'publish') pending.push(append(journal, each.sizes));
        if (each.do === 'publish') {
          // As the outbox does it: what was journaled apart goes out with the next batch.
          const start = pending[0]?.start ?? 0;
          const lines = pending.flatMap((batch) => batch.lines);
          sender.publish(
            lines,
            start,
            pending.splice(0).reduce((sum, batch) => sum + batch.bytes, 0),
          );
          if (!paused && !queued) expect(position).toBe(journal.tail);
        } else if (each.do === 'rewind') {
          const seq = Math.floor(each.to * journal.lastSeq);
          position = Math.min(position, journal.position(seq));
          sender.rewind(seq);
        } else if (each.do === 'pause') {
          paused = true;
          sender.pause();
        } else if (each.do === 'proceed') {
          paused = false;
          sender.proceed();
        } else if (each.do === 'drain') drain();
        else if (each.do === 'catchUp') sender.catchUp();
        else if (each.do === 'fill') outlet.outcome = 'queued';
        else outlet.outcome = 'sent';
      }
      outlet.outcome = 'sent';
      paused = false;
      sender.proceed();
      drain();
      expect(position).toBe(journal.tail);
      expect(sender.level).toBe(true);
      journal.close();
    }),
    { numRuns: 40, seed: 20_260 },
  );
});

test('stops at an outlet whose peer is gone, and goes on at the next one', () => {
  const { journal, sender, outlet } = parts();
  append(journal, [10, 10, 10]);
  outlet.outcome = 'down';
  sender.attach(outlet, 0);
  sender.catchUp();
  expect(outlet.pieces).toEqual([]);
  expect(sender.level).toBe(false);
  const next = new RecordingOutlet();
  sender.attach(next, 1);
  expect(next.bytes.equals(readAll(journal, 1))).toBe(true);
  expect(outlet.listeners).toBe(0);
});

test('a detached sender is level and sends nothing', () => {
  const { journal, sender, outlet } = parts();
  sender.attach(outlet, 0);
  sender.detach();
  const { lines, start, bytes } = append(journal, [10]);
  sender.publish(lines, start, bytes);
  sender.proceed();
  expect(sender.level).toBe(true);
  expect(outlet.pieces).toEqual([]);
});

test('sends a line larger than a piece whole', () => {
  const { journal, sender, outlet } = parts();
  append(journal, [5, 900_000, 5]);
  sender.attach(outlet, 0);
  expect(outlet.bytes.equals(readAll(journal))).toBe(true);
});

test('refuses a place that is not in the journal, and keeps its own', () => {
  const { journal, sender, outlet } = parts();
  append(journal, [10]);
  sender.attach(outlet, 1);
  expect(() => sender.rewind(7)).toThrow(expect.objectContaining({ code: 'CCB_JOURNAL_LOST' }));
  const { lines, start, bytes } = append(journal, [10]);
  sender.publish(lines, start, bytes);
  expect(outlet.bytes.equals(readAll(journal, 1))).toBe(true);
});

test('a slow reader under whom lines were rotated away goes on with the oldest that are kept', () => {
  const { journal, sender, outlet } = parts({ segmentBytes: 2_000, retainBytes: 1_000 });
  sender.attach(outlet, 0);
  sender.pause();
  for (let line = 0; line < 20; line += 1) put(journal, eventLine(journal.lastSeq + 1, 'a', 'x'.repeat(900)));
  journal.acknowledge(20);
  expect(journal.firstSeq).toBeGreaterThan(1);
  sender.proceed();
  expect(outlet.bytes.equals(readAll(journal))).toBe(true);
});
