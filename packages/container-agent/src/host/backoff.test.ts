import { afterEach, beforeEach, expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

const NEVER_MS = 60_000;
let over: AbortController;
let backoff: Backoff;

beforeEach(async () => {
  over = new AbortController();
  backoff = new Backoff([0, NEVER_MS]);
  await backoff.pause(over.signal);
});
afterEach(() => over.abort());

it('that is hurried ends its pause, and the next one is short again', async () => {
  const pause = backoff.pause(over.signal);
  backoff.hurry();
  await pause;
  await backoff.pause(over.signal);
});

it('that is hurried between two pauses has none, once', async () => {
  backoff.hurry();
  await backoff.pause(over.signal);
  let ended = false;
  const pause = backoff.pause(over.signal).then(() => {
    ended = true;
  });
  pause.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(ended).toBe(false);
});

it('ends with its signal', async () => {
  const pause = expect(backoff.pause(over.signal)).rejects.toThrow('aborted');
  over.abort();
  await pause;
});
