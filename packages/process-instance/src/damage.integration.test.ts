import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { InstanceRecord } from '@ccb/instance-interface';
import { whenFree } from '@ccb/named-pipe/lock';
import { expect, test } from 'vitest';
import { type ProcessData, processData } from './process-data.ts';
import { ProcessInstance } from './process-instance.ts';
import { Sandbox } from './testing/sandbox.ts';

function changed(record: InstanceRecord, data: Partial<ProcessData>): InstanceRecord {
  return { ...record, data: { ...processData(record), ...data } };
}

test('a record that names a directory of somebody else opens nothing and removes nothing', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  const other = await sandbox.create('other');
  const precious = join(sandbox.root, 'precious');
  mkdirSync(precious);
  writeFileSync(join(precious, 'thesis'), 'years of work');
  for (const directory of [precious, sandbox.layout('other').directory]) {
    const wrong = changed(box.record, { directory });
    await expect(ProcessInstance.open(wrong)).rejects.toMatchObject({ code: 'CCB_RECORD_INVALID' });
    await expect(new ProcessInstance(wrong).cleanup({ remove: true })).rejects.toMatchObject({
      code: 'CCB_RECORD_INVALID',
    });
  }
  expect(readdirSync(precious)).toEqual(['thesis']);
  expect(await other.sendCommandAndWait('echo fine')).toMatchObject({ output: 'fine\n' });
  await expect(ProcessInstance.open(changed(box.record, { instanceId: 'somebody-else' }))).rejects.toMatchObject({
    code: 'CCB_RECORD_INVALID',
  });
});

test('a broken record on disk is said to be broken, and nothing is destroyed', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  await box.detach();
  const { record, directory } = sandbox.layout('box');
  writeFileSync(record, '{"version":1');
  await expect(ProcessInstance.open(box.record)).rejects.toMatchObject({
    code: 'CCB_RECORD_INVALID',
    message: expect.stringContaining('broken'),
  });
  expect(await sandbox.backend.discover()).toMatchObject([
    { ours: false, description: expect.stringContaining(directory) },
  ]);
  expect(existsSync(directory)).toBe(true);
});

test('what a cut-off creation left can be opened and removed', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  await box.detach();
  rmSync(sandbox.layout('box').record);
  await (await sandbox.open(box.record)).cleanup({ remove: true });
  expect(existsSync(sandbox.layout('box').directory)).toBe(false);
});

test('the journal of another instance is no history of this one; a foreign cursor is CCB_JOURNAL_LOST', async () => {
  await using sandbox = new Sandbox();
  const [box, other] = [await sandbox.create('box'), await sandbox.create('other')];
  const cursor = await lastCursor(other, 'theirs');
  await box.sendCommandAndWait('echo mine', { id: 'mine' });
  await expect(firstEntry(box, cursor)).rejects.toMatchObject({ code: 'CCB_JOURNAL_LOST' });
  const own = await lastCursor(box, 'own');
  await box.stop();
  rmSync(join(sandbox.layout('box').state, 'journal'), { recursive: true });
  await box.start();
  await expect(firstEntry(box, own)).rejects.toMatchObject({ code: 'CCB_JOURNAL_LOST' });
  const resumed = box.resumeCommand('mine');
  await expect(resumed.result).rejects.toMatchObject({ code: 'CCB_NOT_FOUND' });
});

test('a journal with rubbish at its end loses the rubbish alone', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  await box.sendCommandAndWait('echo mine', { id: 'mine' });
  await box.stop();
  const journal = join(sandbox.layout('box').state, 'journal');
  const segment = readdirSync(journal).find((name) => /^\d+\.log$/.test(name)) as string;
  appendFileSync(join(journal, segment), '{"type":"event","seq":99,"id":"mi');
  const texts: string[] = [];
  for await (const text of box.resumeCommand('mine').text()) texts.push(text);
  expect(texts.join('')).toBe('mine\n');
});

async function lastCursor(box: ProcessInstance, id: string): Promise<string> {
  const stream = box.sendCommand('echo x', { id });
  for await (const _ of stream.events());
  return stream.cursor as string;
}

async function firstEntry(box: ProcessInstance, after: string): Promise<unknown> {
  for await (const entry of box.history({ after })) return entry;
  return undefined;
}

test.each(['symlink', 'file'] as const)(
  'a pipe replaced by a %s is refused by name, before anything is started, and left alone',
  async (kind) => {
    await using sandbox = new Sandbox();
    const box = await sandbox.create('box');
    const { pipes, agentLock } = sandbox.layout('box');
    const path = `${pipes}.in.fifo`;
    const target = join(sandbox.root, 'target');
    writeFileSync(target, 'untouched');
    rmSync(path);
    if (kind === 'symlink') symlinkSync(target, path);
    else writeFileSync(path, 'untouched');
    await expect(box.start()).rejects.toMatchObject({ code: 'CCB_PIPE', message: expect.stringContaining(path) });
    expect(readFileSync(path, 'utf8')).toBe('untouched');
    expect(existsSync(agentLock)).toBe(false);
    rmSync(path);
    expect(await box.sendCommandAndWait('echo fine')).toMatchObject({ output: 'fine\n' });
  },
);

test('pipes in a directory that others can write are refused', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  const { pipesDirectory } = sandbox.layout('box');
  chmodSync(pipesDirectory, 0o777);
  await expect(box.start()).rejects.toMatchObject({
    code: 'CCB_PIPE',
    message: expect.stringContaining('writable by others'),
  });
  chmodSync(pipesDirectory, 0o700);
  await box.start();
});

test('a lock that is a symbolic link is refused', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  await box.detach();
  const { lock } = sandbox.layout('box');
  renameSync(lock, `${lock}.real`);
  symlinkSync(`${lock}.real`, lock);
  await expect(ProcessInstance.open(box.record)).rejects.toMatchObject({ code: 'CCB_PIPE', instance: 'box' });
});

test('a frozen agent is never doubled: it opens as unreachable, says so, and goes on when it is continued', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  await box.sendCommandAndWait('x=5');
  await box.detach();
  const agent = sandbox.agent('box');
  process.kill(agent, 'SIGSTOP');
  const frozen = await sandbox.open(box.record, { timeoutMs: 1_000 });
  expect(frozen.state).toBe('unreachable');
  expect((await frozen.getInfo({ timeoutMs: 200 })).problem).toMatch(/1000 ms/);
  expect(await frozen.isRunning({ timeoutMs: 200 })).toBe(false);
  await expect(frozen.start()).rejects.toMatchObject({ code: 'CCB_AGENT_FROZEN', retryable: true });
  expect(sandbox.agent('box')).toBe(agent);
  process.kill(agent, 'SIGCONT');
  expect(await frozen.sendCommandAndWait('echo $x')).toMatchObject({ output: '5\n' });
  expect(sandbox.agent('box')).toBe(agent);
});

test('the agent of a frozen instance is ended without waiting for its answer; cleaned up, its directory is gone too', async () => {
  await using sandbox = new Sandbox();
  const box = await sandbox.create('box');
  await box.start();
  const lock = sandbox.layout('box').agentLock;
  process.kill(sandbox.agent('box'), 'SIGSTOP');
  const free = whenFree(lock, { timeoutMs: 30_000 });
  const since = performance.now();
  await box.stop({ graceMs: 100 });
  expect(performance.now() - since).toBeLessThan(3_000);
  await box.cleanup();
  await free;
  expect(existsSync(sandbox.layout('box').directory)).toBe(false);
});

test('a workspace that vanished is told when the program is to start', async () => {
  await using sandbox = new Sandbox();
  const workspace = join(sandbox.root, 'brief');
  mkdirSync(workspace);
  const box = await sandbox.create('box', { workspace });
  rmSync(workspace, { recursive: true });
  await expect(box.start()).rejects.toMatchObject({
    code: 'CCB_NOT_FOUND',
    message: expect.stringContaining(workspace),
  });
});
