import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Rig, settle } from './testing/rig.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

/** ms until the program was asked to start again. */
async function pauseOf(rig: Rig): Promise<number> {
  const before = rig.driver.asked.length;
  const started = Promise.resolve(rig.supervisor.ready()).catch(() => {});
  for (let ms = 0; ms <= 20_000; ms += 50) {
    await settle();
    if (rig.driver.asked.length > before) {
      await started;
      return ms;
    }
    await vi.advanceTimersByTimeAsync(50);
  }
  throw new Error('it was not started');
}

test('callers share one start, and then it is ready at once', async () => {
  const rig = new Rig();
  await Promise.all([rig.supervisor.ready(), rig.supervisor.ready()]);
  expect(rig.supervisor.ready()).toBe(true);
  expect(rig.driver.asked).toEqual(['start']);
  expect(rig.supervisor.spawns).toBe(1);
});

test('a program that keeps dying is started with growing pauses', async () => {
  const rig = new Rig();
  const pauses: number[] = [];
  for (let i = 0; i < 7; i += 1) {
    pauses.push(await pauseOf(rig));
    rig.driver.die();
  }
  expect(pauses).toEqual([0, 100, 500, 2_000, 5_000, 5_000, 5_000]);
});

test('a program that cannot start counts once for each try, also when it came half up', async () => {
  const rig = new Rig();
  const half = (): Promise<void> => {
    rig.driver.die('SIGSEGV');
    return Promise.reject(new Error('gone'));
  };
  rig.driver.starts.push(half, half, half);
  const pauses = [];
  for (let i = 0; i < 4; i += 1) pauses.push(await pauseOf(rig));
  expect(pauses).toEqual([0, 100, 500, 2_000]);
});

test('a healthy while resets the pauses', async () => {
  const rig = new Rig();
  for (let i = 0; i < 4; i += 1) {
    await pauseOf(rig);
    rig.driver.die();
  }
  await pauseOf(rig);
  await vi.advanceTimersByTimeAsync(30_000);
  rig.driver.die();
  expect(await pauseOf(rig)).toBe(0);
});

test('a start that hangs is given up after 60 s, with the reason', async () => {
  const rig = new Rig();
  rig.driver.starts.push(
    (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  const started = expect(rig.supervisor.ready()).rejects.toMatchObject({ code: 'CCB_TIMEOUT' });
  await vi.advanceTimersByTimeAsync(60_000);
  await started;
});

test('stop ends a start that pauses, and nothing is started afterwards', async () => {
  const rig = new Rig();
  await rig.supervisor.ready();
  rig.driver.die();
  const started = expect(rig.supervisor.ready()).rejects.toMatchObject({ code: 'CCB_STOPPED' });
  await rig.supervisor.stop(10);
  await started;
  await expect(rig.supervisor.ready()).rejects.toMatchObject({ code: 'CCB_STOPPED' });
  expect(rig.driver.asked).toEqual(['start', 'stop 10']);
});

test('a program whose record cannot be written runs all the same', async () => {
  const rig = new Rig();
  rmSync(dirname(rig.directory), { recursive: true });
  await rig.supervisor.ready();
  expect(rig.supervisor.ready()).toBe(true);
  expect(existsSync(join(dirname(rig.directory), 'program.json'))).toBe(false);
});
