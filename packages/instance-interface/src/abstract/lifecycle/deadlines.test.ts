import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Deadlines } from './deadlines.ts';

describe('Deadlines', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('expire in order of time, on one timer', () => {
    const deadlines = new Deadlines();
    const expired: number[] = [];
    for (const ms of [300, 100, 200, 100]) deadlines.add(ms, () => expired.push(ms), false);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(150);
    expect(expired).toEqual([100, 100]);
    vi.advanceTimersByTime(150);
    expect(expired).toEqual([100, 100, 200, 300]);
  });

  test('arm nothing while there is none', () => {
    const deadlines = new Deadlines();
    expect(vi.getTimerCount()).toBe(0);
    const one = deadlines.add(100, () => {}, true);
    deadlines.remove(one);
    expect(vi.getTimerCount()).toBe(0);
    deadlines.add(100, () => {}, true);
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a removed one never expires, and removing it again changes nothing', () => {
    const deadlines = new Deadlines();
    const expired: string[] = [];
    const early = deadlines.add(100, () => expired.push('early'), false);
    deadlines.add(200, () => expired.push('late'), false);
    deadlines.remove(early);
    deadlines.remove(early);
    deadlines.remove(undefined);
    vi.advanceTimersByTime(1000);
    expect(expired).toEqual(['late']);
  });

  test('one that lies beyond the reach of a timer expires at its time', () => {
    const deadlines = new Deadlines();
    const month = 31 * 24 * 3600 * 1000;
    let expired = false;
    deadlines.add(month, () => (expired = true), false);
    vi.advanceTimersByTime(month - 1000);
    expect(expired).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(expired).toBe(true);
  });

  test('one may be added while another expires', () => {
    const deadlines = new Deadlines();
    const expired: string[] = [];
    deadlines.add(100, () => deadlines.add(100, () => expired.push('second'), false), false);
    vi.advanceTimersByTime(200);
    expect(expired).toEqual(['second']);
  });

  test('any sequence of adding and removing expires exactly what is left, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.boolean()), { maxLength: 40 }), (steps) => {
        const deadlines = new Deadlines();
        const expired: number[] = [];
        const all = steps.map(([ms]) => deadlines.add(ms, () => expired.push(ms), false));
        for (const [index, [, removed]] of steps.entries()) if (removed) deadlines.remove(all[index]);
        vi.advanceTimersByTime(60);
        const left = steps.filter(([, removed]) => !removed).map(([ms]) => ms);
        expect(expired).toEqual(left.sort((a, b) => a - b));
        expect(vi.getTimerCount()).toBe(0);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});

test('only what somebody waits for keeps the process alive', () => {
  const armed = vi.spyOn(globalThis, 'setTimeout');
  const deadlines = new Deadlines();
  const command = deadlines.add(60_000, () => {}, false);
  const timer = armed.mock.results[0]?.value as NodeJS.Timeout;
  expect(timer.hasRef()).toBe(false);
  const call = deadlines.add(70_000, () => {}, true);
  expect(timer.hasRef()).toBe(true);
  deadlines.remove(call);
  expect(timer.hasRef()).toBe(false);
  deadlines.remove(command);
  armed.mockRestore();
});
