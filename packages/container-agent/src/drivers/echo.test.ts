import { expect, it } from 'vitest';
import { createEchoDriver } from './echo.ts';
import { subject } from './testing/recorder.ts';

it('answers a command with its text, within the tick', async () => {
  await using echo = subject(createEchoDriver);
  await echo.driver.start(AbortSignal.timeout(1_000));
  const written: string[] = [];
  const answer = echo.run('naïve\n😀', { onWrite: (stream, text) => written.push(stream, text) });
  expect(written).toEqual(['stdout', 'naïve\n😀']);
  expect((await answer).end).toEqual({ success: true, completedBy: 'program', exitCode: 0 });
  expect(echo.driver.pid).toBeUndefined();
});
