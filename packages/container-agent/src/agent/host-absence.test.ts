import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HostAbsence } from './host-absence.ts';

let gone: number;
let absence: HostAbsence;
beforeEach(() => {
  vi.useFakeTimers();
  gone = 0;
});
afterEach(() => {
  absence.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function watch(limitMs: number): void {
  absence = new HostAbsence(limitMs, () => {
    gone += 1;
  });
}

test('the first host is waited for at least a minute, and longer where the limit is longer', () => {
  watch(1_000);
  vi.advanceTimersByTime(59_999);
  expect(gone).toBe(0);
  vi.advanceTimersByTime(1);
  expect(gone).toBe(1);
  watch(90_000);
  vi.advanceTimersByTime(89_999);
  expect(gone).toBe(1);
  vi.advanceTimersByTime(1);
  expect(gone).toBe(2);
});

test('while a host is there nothing ends; each absence counts anew', () => {
  watch(1_000);
  absence.update(true);
  vi.advanceTimersByTime(1_000_000);
  absence.update(false);
  vi.advanceTimersByTime(999);
  absence.update(true);
  absence.update(false);
  vi.advanceTimersByTime(999);
  expect(gone).toBe(0);
  vi.advanceTimersByTime(1);
  expect(gone).toBe(1);
});

test('after a time in which everything stood still the host gets its time again', () => {
  watch(1_000);
  absence.update(true);
  absence.update(false);
  const frozen = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 3_600_000);
  vi.advanceTimersByTime(1_000);
  frozen.mockRestore();
  expect(gone).toBe(0);
  vi.advanceTimersByTime(1_000);
  expect(gone).toBe(1);
});

test('closed, it waits for nobody any more', () => {
  watch(1_000);
  absence.close();
  absence.update(false);
  vi.advanceTimersByTime(100_000);
  expect(gone).toBe(0);
});
