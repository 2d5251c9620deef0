import { cpSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { killed, Sandbox } from './testing/sandbox.ts';

test('an instance that was made is kept, found by its name, and gives the same answers', async () => {
  await using sandbox = new Sandbox();
  const { manager } = sandbox;
  const made = await manager.create({ type: 'process', name: 'work' });
  await made.sendCommandAndWait('x=7', { id: 'set' });
  await made.detach();
  expect(manager.record('work')).toEqual(made.record);
  const opened = await manager.open('work');
  expect(await opened.sendCommandAndWait('echo $x')).toMatchObject({ output: '7\n' });
  await opened.detach();
  const asked: string[] = [];
  for await (const entry of manager.history('work')) if (entry.type === 'command') asked.push(entry.text);
  expect(asked).toEqual(['x=7', 'echo $x']);
});

test('a name is unique across backends, and who asks for it again is told what has it', async () => {
  await using sandbox = new Sandbox();
  const { manager } = sandbox;
  await (await manager.create({ type: 'process', name: 'one' })).detach();
  await (await manager.create({ type: 'echo', name: 'two' })).detach();
  for (const [name, type, owner] of [
    ['one', 'echo', /"one" already \(process, shell, made at /],
    ['one', 'process', /"one" already \(process, shell/],
    ['two', 'process', /"two" already \(echo, echo, made at /],
    ['two', 'echo', /"two" already \(echo/],
  ] as const) {
    await expect(manager.create({ type, name })).rejects.toMatchObject({
      code: 'CCB_NAME_TAKEN',
      message: expect.stringMatching(owner),
    });
  }
  expect(sandbox.instances).toEqual(['one', 'two']);
  await expect(manager.create({ type: 'process', name: 'Bad Name' })).rejects.toThrow(TypeError);
  await expect(manager.create({ type: 'moon', name: 'x' })).rejects.toMatchObject({ code: 'CCB_BACKEND_UNKNOWN' });
});

test('the list tells the state of this moment, and who holds what', async () => {
  await using sandbox = new Sandbox();
  const { manager } = sandbox;
  expect(await manager.list()).toEqual([]);
  const running = await manager.create({ type: 'process', name: 'running' });
  await running.start();
  await (await manager.create({ type: 'process', name: 'idle' })).detach();
  await (await manager.create({ type: 'echo', name: 'other' })).detach();
  const seen = async () =>
    (await manager.list()).map(({ name, state, holder }) => [name, state, holder?.pid === process.pid]);
  expect(await seen()).toEqual([
    ['idle', 'stopped', false],
    ['other', 'stopped', false],
    ['running', 'running', true],
  ]);
  await running.detach();
  expect(await seen()).toContainEqual(['running', 'running', false]);
  const again = await manager.open('running');
  await again.stop();
  expect(await seen()).toContainEqual(['running', 'stopped', true]);
  await again.detach();
});

test.each(['process', 'echo'])(
  'a second holder of a %s instance is told by whom, since when and by what command; a killed one lets go',
  async (type) => {
    await using sandbox = new Sandbox();
    const { manager } = sandbox;
    const host = await sandbox.host('create', 'box', type);
    await expect(manager.open('box')).rejects.toMatchObject({
      code: 'CCB_LOCKED',
      message: expect.stringMatching(new RegExp(`process ${host.pid} \\(ccb create box\\) since \\d{4}-`)),
    });
    expect(await manager.list()).toMatchObject([{ name: 'box', holder: { pid: host.pid, command: 'ccb create box' } }]);
    await expect(manager.remove('box', { force: true })).rejects.toMatchObject({ code: 'CCB_LOCKED' });
    await expect(manager.open('box', { wait: true, timeoutMs: 50 })).rejects.toMatchObject({ code: 'CCB_LOCKED' });
    const waiting = [manager.open('box', { wait: true }), manager.open('box', { wait: true })];
    const eye = await manager.open('box', { mode: 'observe' });
    expect(eye.name).toBe('box');
    await eye.detach();
    await killed(host);
    const first = await Promise.race(waiting);
    expect(await first.sendCommandAndWait('echo mine')).toMatchObject({ success: true });
    await first.detach();
    for (const each of waiting) await (await each).detach();
  },
);

test('a wait can be given up', async () => {
  await using sandbox = new Sandbox();
  const held = await sandbox.manager.create({ type: 'process', name: 'box' });
  const giveUp = new AbortController();
  const waiting = sandbox.manager.open('box', { wait: true, signal: giveUp.signal });
  giveUp.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await held.detach();
});

test('who waits for an instance that is removed meanwhile is told so; who waits for one that is made anew gets that', async () => {
  await using sandbox = new Sandbox();
  const { manager } = sandbox;
  const first = await manager.create({ type: 'process', name: 'box' });
  const waiting = manager.open('box', { wait: true });
  waiting.catch(() => {});
  await first.cleanup();
  await expect(waiting).rejects.toMatchObject({ code: 'CCB_NOT_FOUND' });
  await expect(manager.open('box')).rejects.toMatchObject({ code: 'CCB_NOT_FOUND' });
  expect(() => manager.record('box')).toThrow(/no instance "box"/);
});

test.each(['process', 'echo'])(
  'a %s instance is removed when it is stopped, or by force, and then nothing is left',
  async (type) => {
    await using sandbox = new Sandbox();
    const { manager } = sandbox;
    const box = await manager.create({ type, name: 'box' });
    await box.start();
    await box.detach();
    if (type === 'process') {
      await expect(manager.remove('box')).rejects.toMatchObject({ code: 'CCB_INVALID_STATE' });
      expect(await manager.list()).toMatchObject([{ state: 'running' }]);
    }
    await manager.remove('box', { force: true });
    expect(sandbox.instances).toEqual([]);
    await (await manager.create({ type, name: 'box' })).detach();
    await manager.remove('box');
    expect(sandbox.instances).toEqual([]);
    await expect(manager.remove('box')).rejects.toMatchObject({ code: 'CCB_NOT_FOUND' });
  },
);

test('a stopped instance gets another name, and is the same one', async () => {
  await using sandbox = new Sandbox();
  const { manager } = sandbox;
  const box = await manager.create({ type: 'process', name: 'old' });
  await box.sendCommandAndWait('echo kept > "$HOME/note"');
  await expect(manager.rename('old', 'new')).rejects.toMatchObject({ code: 'CCB_LOCKED' });
  await box.detach();
  await expect(manager.rename('old', 'new')).rejects.toMatchObject({ code: 'CCB_INVALID_STATE' });
  const again = await manager.open('old');
  await again.stop();
  await again.detach();
  await (await manager.create({ type: 'process', name: 'taken' })).detach();
  await expect(manager.rename('old', 'taken')).rejects.toMatchObject({ code: 'CCB_NAME_TAKEN' });
  const record = await manager.rename('old', 'new');
  expect(record).toEqual(manager.record('new'));
  expect(sandbox.instances).toEqual(['new', 'taken']);
  const renamed = await manager.open('new');
  expect(await renamed.sendCommandAndWait('cat "$HOME/note"')).toMatchObject({ output: 'kept\n' });
  await renamed.detach();
  await expect(manager.rename('old', 'x')).rejects.toMatchObject({ code: 'CCB_NOT_FOUND' });
  await (await manager.create({ type: 'echo', name: 'echo' })).detach();
  await expect(manager.rename('echo', 'x')).rejects.toMatchObject({ code: 'CCB_NOT_SUPPORTED' });
});

test('a directory that was moved by hand is the instance under its new name; a copy is refused and left alone', async () => {
  await using sandbox = new Sandbox();
  const { manager, home } = sandbox;
  await (await manager.create({ type: 'process', name: 'old' })).detach();
  const at = (name: string): string => join(home, 'instances', name);
  renameSync(at('old'), at('moved'));
  const moved = await manager.open('moved');
  expect(await moved.sendCommandAndWait('echo on')).toMatchObject({ output: 'on\n' });
  await moved.stop();
  await moved.detach();
  cpSync(at('moved'), at('copy'), { recursive: true, filter: (path) => !path.endsWith('.fifo') });
  await expect(manager.open('copy')).rejects.toMatchObject({ code: 'CCB_RECORD_INVALID' });
  await expect(manager.remove('copy')).rejects.toMatchObject({ code: 'CCB_RECORD_INVALID' });
  expect((await manager.list()).map(({ name, state }) => `${name} ${state}`)).toEqual(['copy failed', 'moved stopped']);
  await manager.remove('copy', { force: true });
  expect(sandbox.instances).toEqual(['moved']);
});

test('a broken record is told in the list, and removed by force alone', async () => {
  await using sandbox = new Sandbox();
  const { manager, home } = sandbox;
  await (await manager.create({ type: 'process', name: 'box' })).detach();
  writeFileSync(join(home, 'instances', 'box', 'instance.json'), '{ "version": 1, ');
  expect(await manager.list()).toMatchObject([
    { name: 'box', state: 'failed', problem: /instance\.json cannot be read/ },
  ]);
  await expect(manager.remove('box')).rejects.toMatchObject({ code: 'CCB_RECORD_INVALID' });
  await manager.remove('box', { force: true });
  expect(await manager.list()).toEqual([]);
});

test('a record of a backend that is not here is kept and told, not touched', async () => {
  await using sandbox = new Sandbox();
  const { manager, home } = sandbox;
  const directory = join(home, 'instances', 'far');
  mkdirSync(directory, { recursive: true });
  const record = { version: 1, name: 'far', type: 'moon', createdAt: new Date().toISOString(), program: 'x', data: {} };
  writeFileSync(join(directory, 'instance.json'), JSON.stringify(record));
  expect(await manager.list()).toMatchObject([
    { name: 'far', state: 'unreachable', problem: /no backend of type "moon"/ },
  ]);
  await expect(manager.remove('far', { force: true })).rejects.toMatchObject({ code: 'CCB_BACKEND_UNKNOWN' });
  expect(sandbox.instances).toEqual(['far']);
  writeFileSync(join(directory, 'instance.json'), '');
});

test('prune removes what nobody has any more, and tells it beforehand; what was to be kept stays', async () => {
  await using sandbox = new Sandbox();
  const { manager, home } = sandbox;
  await (await manager.create({ type: 'process', name: 'kept' })).detach();
  await using held = await manager.create({ type: 'process', name: 'held', ephemeral: true });
  const loose = await manager.create({ type: 'process', name: 'loose', ephemeral: true });
  await loose.detach();
  mkdirSync(join(home, 'instances', '.gone-x-1', 'home'), { recursive: true });
  const descriptions = (pruned: readonly { readonly name?: string | undefined; readonly type: string }[]) =>
    pruned.map(({ name, type }) => name ?? type);
  expect(descriptions(await manager.prune({ dryRun: true }))).toEqual(['loose', 'directory']);
  expect(sandbox.instances).toEqual(['.gone-x-1', 'held', 'kept', 'loose']);
  expect(descriptions(await manager.prune())).toEqual(['loose', 'directory']);
  expect(sandbox.instances).toEqual(['held', 'kept']);
  expect(await manager.prune()).toEqual([]);
  expect(held.state).toBe('stopped');
});
