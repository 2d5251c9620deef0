import { expect, test } from 'vitest';
import { endedWell, whyDown, whyEnded } from './ended.ts';
import { inspectionOf } from './testing/inspection.ts';

test.each([
  [{}, 'exit 0', true],
  [{ exitCode: 1 }, 'exit 1', false],
  [{ exitCode: 143 }, 'exit 143 (SIGTERM)', true],
  [{ exitCode: 137 }, 'exit 137 (SIGKILL)', false],
  [{ exitCode: 137, oomKilled: true }, 'exit 137, out of memory', false],
  [{ exitCode: 139 }, 'exit 139 (SIGSEGV)', false],
  [{ exitCode: 134 }, 'exit 134 (SIGABRT)', false],
  [{ exitCode: 255 }, 'exit 255', false],
  [{ exitCode: 127, error: 'exec: "node": not found\nmore' }, 'exec: "node": not found', false],
])('%j is told as %s', (end, words, well) => {
  const whole = { exitCode: 0, oomKilled: false, error: '', ...end };
  expect(whyEnded(whole)).toBe(words);
  expect(endedWell(whole)).toBe(well);
});

test.each([
  [undefined, 'stopped', 'the container was removed'],
  [{ status: 'paused', paused: true, running: true }, 'unreachable', 'the container is paused'],
  [{ status: 'created' }, 'stopped', 'the container was not started yet'],
  [{ status: 'created', exitCode: 128, error: 'no space' }, 'failed', 'the container could not be started: no space'],
  [{ status: 'restarting', exitCode: 1 }, 'unreachable', 'the container is being restarted after exit 1'],
  [{ status: 'removing' }, 'stopped', 'the container is being removed'],
  [{ status: 'exited', exitCode: 0 }, 'stopped', 'the container ended: exit 0'],
  [{ status: 'exited', exitCode: 143 }, 'stopped', 'the container ended: exit 143 (SIGTERM)'],
  [{ status: 'exited', exitCode: 137 }, 'failed', 'the container ended: exit 137 (SIGKILL)'],
  [{ status: 'dead', exitCode: 1 }, 'failed', 'the container ended: exit 1'],
])('%j is down: %s', (state, to, reason) => {
  expect(whyDown(state && inspectionOf({ state }))).toEqual({ state: to, reason });
});

test('one that runs is not down', () => {
  expect(whyDown(inspectionOf({ state: { status: 'running', running: true } }))).toBeUndefined();
});
