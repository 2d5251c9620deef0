import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { Sandbox } from './testing/sandbox.ts';

const sandbox = new Sandbox();
afterAll(() => sandbox[Symbol.asyncDispose]());

function fieldOf(path: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(path, 'utf8'))?.[1]);
}

test('a reader who waits holds the program back: nobody’s memory grows, and nothing is lost', async () => {
  const instance = await sandbox.create('slow');
  await instance.start();
  const server = sandbox.serverPid(instance.record);
  const size = 40_000_000;
  const stream = instance.sendCommand(`echo begun; head -c ${size} /dev/zero | tr '\\0' x`);
  const reader = stream.text()[Symbol.asyncIterator]();
  let text = (await reader.next()).value ?? '';
  // What the program has written so far, where it is there yet.
  const written = (): number => {
    const pid = sandbox.processesOf(instance.record, 'tr')[0];
    return pid === undefined ? 0 : fieldOf(`/proc/${pid}/io`, 'wchar');
  };
  let before = -1;
  const standsStill = (): boolean => {
    const now = written();
    const same = now > 0 && now === before;
    before = now;
    return same;
  };
  await expect.poll(standsStill, { interval: 300, timeout: 15_000 }).toBe(true);
  expect(written()).toBeLessThan(size / 2);
  expect(fieldOf(`/proc/${server}/status`, 'VmRSS')).toBeLessThan(64 * 1024);
  for (let next = await reader.next(); !next.done; next = await reader.next()) text += next.value;
  const answer = text.slice(text.indexOf('\n') + 1);
  expect(answer.length).toBe(size);
  expect(/^x+$/.test(answer)).toBe(true);
  expect(await stream.result).toMatchObject({ success: true });
});

test('a program that takes keys as they are cannot be held back: its command ends at 64 MiB, and the next one runs', async () => {
  const instance = await sandbox.create('raw');
  await instance.start();
  const stream = instance.sendCommand('stty raw; tr "\\0" x </dev/zero; stty sane');
  const reader = stream.text({ cancelOnReturn: false })[Symbol.asyncIterator]();
  await reader.next();
  // Nobody reads on until it has ended in the pane.
  await expect.poll(() => sandbox.processesOf(instance.record, 'tr').length, { timeout: 30_000 }).toBe(0);
  const rest = (async () => {
    for (let next = await reader.next(); !next.done; next = await reader.next());
  })();
  expect(await stream.result).toMatchObject({ success: false, error: { code: 'CCB_OUTPUT_LIMIT' } });
  await rest;
  expect(await instance.sendCommandAndWait('echo next')).toMatchObject({ output: 'next\n', success: true });
});
