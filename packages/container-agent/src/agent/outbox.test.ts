import { rmSync } from 'node:fs';
import type { CommandResult } from '@ccb/instance-interface';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maxFrameBytes } from '../protocol/encode-text.ts';
import type { JournalFrame } from '../protocol/frames.ts';
import { Rig, settle } from './testing/rig.ts';

const result: CommandResult = {
  id: 'a',
  durationMs: 1,
  outputBytes: 0,
  completedBy: 'program',
  inferred: false,
  success: true,
  status: 'completed',
};

function texts(frames: readonly JournalFrame[]): { stream: string; text: string }[] {
  return frames.flatMap((frame) =>
    frame.type === 'event' && frame.event.type === 'text'
      ? [{ stream: frame.event.stream ?? 'stdout', text: frame.event.text }]
      : [],
  );
}

test('joins what one tick brings of one stream, and keeps the order across streams', async () => {
  const rig = new Rig();
  rig.outbox.text('a', 'stdout', 'one ', undefined, false);
  rig.outbox.text('a', 'stdout', 'two', undefined, false);
  rig.outbox.text('a', 'stderr', 'oops', undefined, false);
  rig.outbox.text('a', 'stdout', 'three', undefined, false);
  rig.outbox.text('a', 'stdout', 'late', undefined, true);
  rig.outbox.text('b', 'stdout', 'other', undefined, false);
  await settle();
  expect(texts(rig.frames)).toEqual([
    { stream: 'stdout', text: 'one two' },
    { stream: 'stderr', text: 'oops' },
    { stream: 'stdout', text: 'three' },
    { stream: 'stdout', text: 'late' },
    { stream: 'stdout', text: 'other' },
  ]);
  expect(rig.sent).toEqual(rig.frames);
});

test('one tick is one write, journaled before it is sent', async () => {
  const rig = new Rig();
  rig.outlet.onWrite = (piece) =>
    expect(rig.journal.tail).toBeGreaterThanOrEqual(rig.outlet.bytes.length + piece.length);
  for (let i = 0; i < 50; i += 1) rig.outbox.update('a', { type: 'thought', text: String(i) });
  expect(rig.journal.lastSeq).toBe(0);
  await settle();
  expect(rig.outlet.pieces).toHaveLength(1);
  expect(rig.sent).toHaveLength(50);
});

test('a begin is journaled when it returns, and is sent with its tick', async () => {
  const rig = new Rig();
  rig.outbox.begin('a', 'digest', 'text');
  expect(rig.journal.lookup('a')).toMatchObject({ digest: 'digest', beginSeq: 1 });
  expect(rig.outlet.pieces).toEqual([]);
  // As a resume in the same tick does it: the begin goes out early, and the rest must follow all the same.
  rig.sender.rewind(0);
  rig.outbox.text('a', 'stdout', 'answer', undefined, false);
  await settle();
  expect(rig.sent.map((frame) => frame.seq)).toEqual([1, 2]);
});

test('whatever text comes in whatever pieces, frames stay within 64 KiB and join to the same text', async () => {
  const piece = fc.record({
    text: fc.oneof(
      fc.string({ unit: fc.constantFrom('a', '\n', '"', 'é', '€', '😀', '\u0007', '\u2028'), maxLength: 60 }),
      fc
        .constantFrom('\u0000', '😀', 'é', '"\\', 'x')
        .chain((unit) => fc.integer({ min: 1, max: 25_000 }).map((count) => unit.repeat(count))),
    ),
    stream: fc.constantFrom('stdout' as const, 'stderr' as const),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
      const rig = new Rig();
      for (const { text, stream } of pieces) rig.outbox.text('a', stream, text, undefined, false);
      await settle();
      const joined = { stdout: '', stderr: '' };
      for (const { text, stream } of texts(rig.frames)) joined[stream as 'stdout'] += text;
      const wanted = { stdout: '', stderr: '' };
      for (const { text, stream } of pieces) wanted[stream] += text;
      expect(joined).toEqual(wanted);
      for (const line of rig.outlet.bytes.toString().split('\n'))
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(maxFrameBytes);
      for (const { text } of texts(rig.frames)) expect(Buffer.from(text).toString()).toBe(text);
      rig.journal.close();
    }),
    { numRuns: 12, seed: 7 },
  );
});

test('bytes that are not UTF-8 stand alone, with the text around them in its place', async () => {
  const rig = new Rig();
  rig.outbox.text('a', 'stdout', 'before', undefined, false);
  rig.outbox.text('a', 'stdout', '\ufffd', '/w==', false);
  rig.outbox.text('a', 'stdout', 'after', undefined, false);
  await settle();
  expect(texts(rig.frames).map(({ text }) => text)).toEqual(['before', '\ufffd', 'after']);
  expect(rig.frames[1]).toMatchObject({ event: { bytes: '/w==' } });
});

test('a large tick does not wait for its end: memory holds one batch', () => {
  const rig = new Rig();
  for (let i = 0; i < 64; i += 1) rig.outbox.text('a', 'stdout', 'x'.repeat(60_000), undefined, false);
  expect(rig.journal.tail).toBeGreaterThan(64 * 60_000 - 400_000);
});

test('an end that not even the reserve takes is told, not lost in silence', async () => {
  const rig = new Rig({ journal: { segmentBytes: 200 } });
  rig.outbox.begin('a', 'digest', 'x'.repeat(300));
  await settle();
  rmSync(rig.directory, { recursive: true });
  rig.outbox.end('a', result);
  await settle();
  expect(rig.refusals).toMatchObject([{ id: 'a', code: 'end lost' }]);
  expect(rig.frames.at(-1)).toMatchObject({ type: 'begin' });
});

test('a begin that cannot be journaled throws, however large its text, and begins nothing', async () => {
  const rig = new Rig({ journal: { segmentBytes: 200 } });
  rig.outbox.begin('a', 'digest', 'x'.repeat(300));
  rmSync(rig.directory, { recursive: true });
  expect(() => rig.outbox.begin('b', 'digest', 'x'.repeat(300_000))).toThrow(
    expect.objectContaining({ code: 'CCB_DISK_FULL' }),
  );
  expect(rig.journal.lookup('b')).toBeUndefined();
  expect(rig.journal.lastSeq).toBe(1);
});
