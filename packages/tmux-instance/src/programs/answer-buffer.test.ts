import { expect, test } from 'vitest';
import { AnswerBuffer } from './answer-buffer.ts';

const never = new AbortController().signal;

test('a reader gets all of it, in pieces of about 64 KiB, and then the end', async () => {
  const buffer = new AnswerBuffer(
    Number.MAX_SAFE_INTEGER,
    () => {},
    () => {},
  );
  for (let count = 0; count < 100; count += 1) buffer.push(Buffer.alloc(4_096, count));
  buffer.end();
  buffer.push(Buffer.from('late'));
  const pieces: Buffer[] = [];
  for (let piece = await buffer.next(never); piece !== undefined; piece = await buffer.next(never)) pieces.push(piece);
  expect(Buffer.concat(pieces)).toHaveLength(409_600);
  expect(Math.max(...pieces.map(({ length }) => length))).toBe(65_536);
});

test('who writes is told when too much is unread, and once when that is over', async () => {
  const told: (number | string)[] = [];
  const buffer = new AnswerBuffer(
    100_000,
    (unread) => told.push(unread),
    () => told.push('drained'),
  );
  for (const size of [60_000, 60_000, 60_000]) buffer.push(Buffer.alloc(size));
  expect(told).toEqual([120_000, 180_000]);
  await buffer.next(never);
  expect(told).toEqual([120_000, 180_000]);
  await buffer.next(never);
  expect(told.at(-1)).toBe('drained');
});

test('what it ended with is thrown after what was there; so is the reason of a signal', async () => {
  const buffer = new AnswerBuffer(
    1_000,
    () => {},
    () => {},
  );
  const leaving = new AbortController();
  const waiting = buffer.next(leaving.signal);
  leaving.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  buffer.push(Buffer.from('there'));
  buffer.end(new Error('broken'));
  expect(String(await buffer.next(never))).toBe('there');
  await expect(buffer.next(never)).rejects.toThrow('broken');
});
