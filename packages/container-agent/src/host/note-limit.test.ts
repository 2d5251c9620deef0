import { expect, test } from 'vitest';
import { NoteLimit } from './note-limit.ts';

test('a hundred at once, then ten per second; what was passed over is counted', () => {
  const limit = new NoteLimit(0);
  const taken = Array.from({ length: 150 }, () => limit.take(0));
  expect(taken.filter((dropped) => dropped !== undefined)).toEqual(Array(100).fill(0));
  expect(limit.take(50)).toBeUndefined();
  expect([limit.take(150), limit.take(150)]).toEqual([51, undefined]);
  expect(limit.take(250)).toBe(1);
  expect(Array.from({ length: 101 }, () => limit.take(3_600_000)).filter((dropped) => dropped === 0)).toHaveLength(100);
});
