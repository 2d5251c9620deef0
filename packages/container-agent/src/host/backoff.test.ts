import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Backoff } from './backoff.ts';

const { signal } = new AbortController();

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** ms of each of the next pauses, where nobody hurries. */
async function pauses(backoff: Backoff, count: number): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const from = Date.now();
    const pause = backoff.pause(signal);
    await vi.runAllTimersAsync();
    await pause;
    found.push(Date.now() - from);
  }
  return found;
}

it('pauses longer and longer, at first not at all', async () => {
  const [first = 0, ...others] = await pauses(new Backoff(), 6);
  // A timer of 0 ms is one of 1 ms.
  expect(first).toBeLessThan(2);
  expect(others).toEqual([100, 500, 2_000, 5_000, 5_000]);
});

it('that is hurried ends its pause, and the next ones are short again', async () => {
  const backoff = new Backoff();
  await pauses(backoff, 4);
  const from = Date.now();
  const pause = backoff.pause(signal);
  backoff.hurry();
  await pause;
  expect(Date.now()).toBe(from);
  expect((await pauses(backoff, 3)).slice(1)).toEqual([100, 500]);
});

it('that is hurried during an attempt does not pause after it', async () => {
  const backoff = new Backoff();
  await pauses(backoff, 4);
  backoff.hurry();
  const from = Date.now();
  await backoff.pause(signal);
  expect(Date.now()).toBe(from);
});

it('ends with its signal', async () => {
  const over = new AbortController();
  const backoff = new Backoff();
  await pauses(backoff, 3);
  const pause = expect(backoff.pause(over.signal)).rejects.toThrow('aborted');
  over.abort();
  await pause;
});
