import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { processesNaming, Sandbox } from './testing/sandbox.ts';

function descriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

test('thirty instances made, used and cleaned up leave no descriptor, process or file', async () => {
  await using sandbox = new Sandbox();
  const cycle = async (name: string): Promise<void> => {
    const box = await sandbox.create(name);
    await box.sendCommandAndWait('sleep 300 & echo x');
    const eye = await sandbox.open(box.record, { mode: 'observe' });
    await eye.isRunning();
    await eye.detach();
    await box.cleanup();
  };
  await cycle('first');
  await new Promise((resolve) => setImmediate(resolve));
  const before = descriptors().length;
  for (let round = 0; round < 10; round += 1) {
    await Promise.all([0, 1, 2].map((i) => cycle(`box-${round}-${i}`)));
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(descriptors().length).toBeLessThanOrEqual(before);
  expect(descriptors().filter((target) => target.includes(sandbox.root))).toEqual([]);
  expect(processesNaming(sandbox.root)).toEqual([]);
  expect(readdirSync(join(sandbox.home, 'instances'))).toEqual([]);
});
