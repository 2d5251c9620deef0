import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { whenFree } from '@ccb/named-pipe/lock';
import { expect, test } from 'vitest';
import { pruneProcesses } from './prune.ts';
import { isAlive, Sandbox, whenGone } from './testing/sandbox.ts';

test('an ephemeral instance is gone with its killed host: agent, program, background children, directory', async () => {
  await using sandbox = new Sandbox();
  const host = await sandbox.host('brief', 'ephemeral');
  const { directory } = sandbox.layout('brief');
  const pids = [sandbox.agent('brief'), Number(readFileSync(join(sandbox.workspace, 'child'), 'utf8'))];
  const free = whenFree(sandbox.layout('brief').agentLock, { timeoutMs: 15_000 });
  expect(pids.map(isAlive)).toEqual([true, true]);
  host.child.kill('SIGKILL');
  await Promise.all([whenGone(directory), free]);
  expect(isAlive(pids[1] as number)).toBe(false);
  expect(await sandbox.backend.discover()).toEqual([]);
});

test('where agent and host were both killed, the next one sweeps what they left, and only that', async () => {
  await using sandbox = new Sandbox();
  const host = await sandbox.host('brief', 'ephemeral');
  const other = await sandbox.create('kept');
  await other.stop();
  const child = Number(readFileSync(join(sandbox.workspace, 'child'), 'utf8'));
  const lock = sandbox.layout('brief').agentLock;
  process.kill(sandbox.agent('brief'), 'SIGKILL');
  host.child.kill('SIGKILL');
  await Promise.all([host.exit, whenFree(lock, { timeoutMs: 5_000 })]);
  expect(existsSync(sandbox.layout('brief').directory)).toBe(true);
  expect((await pruneProcesses(sandbox.home)).map(({ name }) => name)).toEqual(['brief']);
  expect(existsSync(sandbox.layout('brief').directory)).toBe(false);
  expect(isAlive(child)).toBe(false);
  expect(existsSync(sandbox.layout('kept').directory)).toBe(true);
});

test('one that is held is not swept, and stop and start leave it there', async () => {
  await using sandbox = new Sandbox();
  const brief = await sandbox.create('brief', { ephemeral: true });
  await brief.sendCommandAndWait('echo one', { id: 'a' });
  await brief.stop();
  expect((await pruneProcesses(sandbox.home)).map(({ name }) => name)).toEqual([]);
  expect(await brief.sendCommandAndWait('echo two')).toMatchObject({ output: 'two\n' });
  await brief.cleanup();
  expect(existsSync(sandbox.layout('brief').directory)).toBe(false);
});

test('one that is let go is gone too', async () => {
  await using sandbox = new Sandbox();
  const brief = await sandbox.create('brief', { ephemeral: true });
  await brief.start();
  await brief.detach();
  await whenGone(sandbox.layout('brief').directory);
});
