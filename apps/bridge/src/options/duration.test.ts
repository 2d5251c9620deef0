import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  test.each([
    ['90', 90_000],
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['0.5', 500],
    ['1.5h', 5_400_000],
  ])('reads %s as %i ms', (text, ms) => {
    expect(parseDuration('--timeout', text)).toBe(ms);
  });

  test.each(['', 'soon', '5 m', '-1', '1d', '1e3', '.5', '0', '0.0001', '577h'])(
    'refuses "%s", naming the option',
    (text) => {
      expect(() => parseDuration('--timeout', text)).toThrow(
        expect.objectContaining({ code: 'CCB_USAGE', message: expect.stringContaining('--timeout') }),
      );
    },
  );
});

test.each([
  [1_000, '1s'],
  [1_500, '1.5s'],
  [59_000, '59s'],
  [60_000, '1m'],
  [90_000, '1m30s'],
  [3_600_000, '1h'],
  [5_400_000, '1h30m'],
])('formatDuration writes %i ms as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
