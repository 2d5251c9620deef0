import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireLock, isLocked } from '@ccb/named-pipe/lock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Hold } from './hold.ts';

let root: string;
let path: string;
const { signal } = new AbortController();
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ccb-hold-'));
  path = join(root, 'lock');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a hold is taken once and given back once, however often it is asked for', async () => {
  const hold = new Hold(path, 'box');
  expect([hold.isHeld, await hold.holder()]).toEqual([false, undefined]);
  for (let turn = 0; turn < 2; turn += 1) await hold.take(signal);
  expect([hold.isHeld, await isLocked(path)]).toEqual([true, true]);
  expect(await hold.holder()).toMatchObject({ pid: process.pid });
  for (let turn = 0; turn < 2; turn += 1) await hold.release();
  expect([hold.isHeld, await isLocked(path), await hold.holder()]).toEqual([false, false, undefined]);
});

test('the second one is told who holds it', async () => {
  const [first, second] = [new Hold(path, 'box'), new Hold(path, 'box')];
  await first.take(signal);
  await expect(second.take(signal)).rejects.toMatchObject({
    code: 'CCB_LOCKED',
    retryable: true,
    instance: 'box',
    message: expect.stringContaining(`process ${process.pid}`),
  });
  expect(second.isHeld).toBe(false);
  expect(await second.holder()).toMatchObject({ pid: process.pid });
  await first.release();
  await second.take(signal);
  await second.release();
});

test('a lock that was taken already is held from the beginning', async () => {
  const hold = new Hold(path, 'box', { held: await acquireLock(path) });
  await hold.take(signal);
  expect(hold.isHeld).toBe(true);
  await hold.release();
  expect(await isLocked(path)).toBe(false);
});

test('a lock that is a symbolic link is an error of the instance', async () => {
  writeFileSync(join(root, 'target'), '');
  symlinkSync(join(root, 'target'), path);
  const refusal = { code: 'CCB_PIPE', instance: 'box' };
  await expect(new Hold(path, 'box').take(signal)).rejects.toMatchObject(refusal);
  await expect(new Hold(path, 'box').holder()).rejects.toMatchObject(refusal);
});
