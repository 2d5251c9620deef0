import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { whenFree } from '@ccb/named-pipe/lock';
import { expect, test } from 'vitest';
import { processesNaming, Sandbox } from './testing/sandbox.ts';

const secret = 'sk-0f6c9a1d-never-written-down';

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

test('a secret reaches the program, and stands in no file, record, log or process list', async () => {
  await using sandbox = new Sandbox();
  const logged: unknown[] = [];
  const box = await sandbox.create('box', { env: { TOKEN: secret }, log: (entry) => logged.push(entry) });
  expect(await box.sendCommandAndWait('printf %s "$TOKEN" | wc -c; sleep 300 &')).toMatchObject({
    output: `${secret.length}\n`,
  });
  const eye = await sandbox.open(box.record, { mode: 'observe' });
  await eye.getInfo();
  await box.stop();
  await box.start();
  const files = filesBelow(sandbox.root);
  expect(files.length).toBeGreaterThan(4);
  expect(files.filter((path) => readFileSync(path).includes(secret))).toEqual([]);
  expect(processesNaming(secret)).toEqual([]);
  expect(JSON.stringify([box.record, logged, await box.getInfo()])).not.toContain(secret);
  expect(readFileSync(sandbox.layout('box').record, 'utf8')).toContain('TOKEN');
});

test('what the instance keeps can be read by its owner alone', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  await box.start();
  const { directory, state, home, pipesDirectory, record, settings, agentLog } = sandbox.layout('box');
  const mode = (path: string): number => statSync(path).mode & 0o777;
  expect([directory, state, home, pipesDirectory].map(mode)).toEqual([0o700, 0o700, 0o700, 0o700]);
  expect([record, settings, agentLog].map(mode)).toEqual([0o600, 0o600, 0o600]);
});

test('a secret is asked for again when the agent died, and not while it lives', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box', { env: { TOKEN: secret } });
  await box.start();
  await box.detach();
  const again = await sandbox.open(box.record);
  expect(await again.sendCommandAndWait('printf %s "$TOKEN" | wc -c')).toMatchObject({ output: `${secret.length}\n` });
  const lock = sandbox.layout('box').agentLock;
  process.kill(sandbox.agent('box'), 'SIGKILL');
  await whenFree(lock, { timeoutMs: 5_000 });
  await again.detach();

  const without = await sandbox.open(box.record);
  const error = await without.start().catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'CCB_SECRET_MISSING', message: expect.stringContaining('TOKEN') });
  await without.detach();
  const given = await sandbox.open(box.record, { env: { TOKEN: 'four' } });
  expect(await given.sendCommandAndWait('printf %s "$TOKEN" | wc -c')).toMatchObject({ output: '4\n' });
});

test('a value that the record has no name for is refused: it would never reach the program', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box', { env: { TOKEN: 'hush' } });
  await box.detach();
  const opening = sandbox.open(box.record, { env: { TOKEN: 'hush', OTHER: 'louder' } });
  await expect(opening).rejects.toThrow(/created with TOKEN, and not with OTHER/);
  await sandbox.open(box.record);
});
