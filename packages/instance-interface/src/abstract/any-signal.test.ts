import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { anySignal } from './any-signal.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

test('a deadline comes although nobody but the signal holds it, and nobody but a signal of signals holds that', async () => {
  const signal = anySignal(new AbortController().signal, anySignal(AbortSignal.timeout(50)));
  const aborted = once(signal, 'abort', { signal: AbortSignal.timeout(5_000) });
  const collecting = setInterval(collect, 5);
  try {
    await aborted;
  } finally {
    clearInterval(collecting);
  }
  expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
});

test('the reason is that of the first one', () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const signal = anySignal(first.signal, second.signal);
  second.abort('this');
  first.abort('that');
  expect(signal.reason).toBe('this');
});
