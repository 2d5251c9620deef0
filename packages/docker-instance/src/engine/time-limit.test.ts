import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { timeLimit } from './time-limit.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test.each([0, 1, 2])('it comes, with %i signals beside it, though garbage is collected meanwhile', async (count) => {
  const never = Array.from({ length: count }, () => new AbortController().signal);
  const aborted = new Promise<unknown>((resolve) => {
    const signal = timeLimit(60, ...never);
    signal.addEventListener('abort', () => resolve(signal.reason));
  });
  // A turn of the loop each: what this turn has touched is not collected.
  for (let turn = 0; turn < 5; turn += 1) {
    await delay(1);
    collect();
  }
  expect(await Promise.race([aborted, delay(2_000)])).toMatchObject({ name: 'TimeoutError' });
});

test('it aborts with whichever is first', () => {
  const controller = new AbortController();
  const signal = timeLimit(60_000, new AbortController().signal, controller.signal);
  controller.abort(new Error('first'));
  expect(signal.reason).toEqual(new Error('first'));
});
