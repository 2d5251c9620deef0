import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fakeClaudeFile } from '@ccb/conformance/claude';
import type { HistoryEntry } from '@ccb/instance-interface';
import { expect, test } from 'vitest';
import { ProcessInstance } from './process-instance.ts';
import { Sandbox } from './testing/sandbox.ts';

test('a second holder is told who holds the instance, and by what command', async () => {
  await using sandbox = new Sandbox();
  const host = await sandbox.host('box', 'hold');
  const error = await ProcessInstance.open(host.record).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'CCB_LOCKED', retryable: true, instance: 'box' });
  expect(String(error)).toContain(`process ${host.child.pid} (host-program.ts)`);
  host.child.kill('SIGKILL');
  await host.exit;
  const box = await sandbox.open(host.record);
  await expect(ProcessInstance.open(host.record)).rejects.toMatchObject({ code: 'CCB_LOCKED' });
  await box.detach();
  expect((await sandbox.open(host.record)).state).toBe('running');
});

test('an observer sees, interrupts and stops beside the holder, and sends nothing', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  await box.sendCommandAndWait('echo before', { id: 'before' });
  const eye = await sandbox.open(box.record, { mode: 'observe' });
  expect(eye.state).toBe('running');
  expect(await eye.isRunning()).toBe(true);
  expect(await eye.getInfo()).toMatchObject({ program: { name: 'shell' }, holder: { pid: process.pid } });
  await expect(eye.sendCommand('echo no').result).rejects.toMatchObject({ code: 'CCB_LOCKED' });

  const past: string[] = [];
  for await (const entry of eye.history()) past.push(entry.type === 'text' ? entry.text : entry.type);
  expect(past).toEqual(['command', 'before\n', 'end']);

  const seen: HistoryEntry[] = [];
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const ended = (async () => {
    for await (const entry of eye.history({ follow: true })) {
      if (entry.commandId !== 'long') continue;
      seen.push(entry);
      if (entry.type === 'text') begin();
      if (entry.type === 'end') return;
    }
  })();
  const long = box.sendCommand('echo begun; sleep 300', { id: 'long' });
  await begun;
  expect(await eye.getInfo()).toMatchObject({ command: { id: 'long' } });
  expect(await eye.interrupt()).toBe(true);
  await ended;
  expect(await long.result).toMatchObject({ status: 'cancelled' });
  expect(seen.map(({ type }) => type)).toEqual(['command', 'text', 'end']);
  expect(await eye.interrupt()).toBe(false);
  expect(await box.sendCommandAndWait('echo on')).toMatchObject({ output: 'on\n' });

  const stopped = new Promise<void>((resolve) => box.onStateChange(({ to }) => to === 'stopped' && resolve()));
  await eye.stop();
  await stopped;
  expect(await box.sendCommandAndWait('echo again')).toMatchObject({ output: 'again\n' });
});

test('an observer of a stopped instance finds it stopped, and leaves no trace', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  const eye = await sandbox.open(box.record, { mode: 'observe' });
  expect(eye.state).toBe('stopped');
  expect(await eye.isRunning()).toBe(false);
  await eye.detach();
  await box.start();
  expect(await box.isRunning()).toBe(true);
});

test('observers come and go, killed or not, and the agent goes on', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  await box.start();
  for (let round = 0; round < 3; round += 1) {
    const eyes = await Promise.all([1, 2, 3].map(() => sandbox.open(box.record, { mode: 'observe' })));
    const answers = await Promise.all(eyes.map((eye) => eye.isRunning()));
    expect(answers).toEqual([true, true, true]);
    const long = box.sendCommand('sleep 300');
    // Its answer is under way when the one who asked has gone.
    const asked = eyes.map((eye) => eye.interrupt().catch(() => undefined));
    await Promise.all(eyes.map((eye) => eye.detach()));
    await Promise.all(asked);
    await long.cancel();
  }
  expect(await box.sendCommandAndWait('echo fine')).toMatchObject({ output: 'fine\n' });
});

test('an instance whose program does not start can be opened all the same, and cleaned up', async () => {
  await using sandbox = new Sandbox();
  const env = { CLAUDE_CODE_EXECUTABLE: fileURLToPath(fakeClaudeFile), FAKE_CLAUDE_FAULTS: 'dies-at-start' };
  const box = await sandbox.create('box', { program: 'claude', env });
  await expect(box.start()).rejects.toMatchObject({ code: 'CCB_PROGRAM_EXITED' });
  await box.detach();
  const again = await sandbox.open(box.record, { env });
  expect(again.state).toBe('failed');
  expect((await again.getInfo()).problem).toMatch(/status 1/);
  await again.cleanup({ remove: true });
  expect(existsSync(sandbox.layout('box').directory)).toBe(false);
});
