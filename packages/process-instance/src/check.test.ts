import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkProcesses } from './check.ts';
import { discoverProcesses } from './discover.ts';
import { pruneProcesses } from './prune.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ccb-check-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('everything this machine needs is looked for, and what is missing is named with what to do', () => {
  const tools = ['flock', 'mkfifo', 'bash'];
  for (const name of tools) writeFileSync(join(root, name), '');
  expect(
    checkProcesses(join(root, 'not', 'yet'), { PATH: root }).map(({ name, status }) => `${name} ${status}`),
  ).toEqual(['linux ok', 'flock ok', 'mkfifo ok', 'bash ok', 'home ok']);
  rmSync(join(root, 'flock'));
  const flock = checkProcesses(root, { PATH: `:${root}` }).find(({ name }) => name === 'flock');
  expect(flock).toMatchObject({ status: 'problem', fix: expect.stringContaining('util-linux') });
});

test('a home that is a file is a problem', () => {
  const file = join(root, 'file');
  writeFileSync(file, '', { mode: 0o600 });
  expect(checkProcesses(file, {}).at(-1)).toMatchObject({ name: 'home', status: 'problem' });
  expect(checkProcesses(join(file, 'below'), {}).at(-1)).toMatchObject({ name: 'home', status: 'problem' });
});

test('discovery of a home that is not there, or empty, finds nothing', async () => {
  expect(await discoverProcesses(join(root, 'none'))).toEqual([]);
  mkdirSync(join(root, 'instances'));
  expect(await discoverProcesses(root)).toEqual([]);
});

test('discovery passes over what is of another backend, and describes what is broken or copied', async () => {
  const instance = (name: string, text: string): void => {
    mkdirSync(join(root, 'instances', name), { recursive: true });
    writeFileSync(join(root, 'instances', name, 'instance.json'), text);
  };
  const record = (name: string, directory: string, type = 'process'): string =>
    JSON.stringify({
      version: 1,
      name,
      type,
      createdAt: '2026-01-02T03:04:05Z',
      program: 'shell',
      data: { directory, instanceId: '0123-4567', programArgs: [], secrets: [], ephemeral: true },
    });
  mkdirSync(join(root, 'instances', 'empty'), { recursive: true });
  writeFileSync(join(root, 'instances', 'file'), '');
  instance('broken', '{');
  instance('copied', record('good', join(root, 'instances', 'good')));
  instance('docker', record('docker', '/x', 'docker'));
  instance('good', record('good', join(root, 'instances', 'good')));
  const found = await discoverProcesses(root);
  expect(found.map(({ name, ours }) => [name, ours])).toEqual([
    [undefined, false],
    [undefined, false],
    ['good', true],
  ]);
  expect(found.map(({ description }) => description)).toEqual([
    expect.stringMatching(/broken cannot be used/),
    expect.stringMatching(/was copied/),
    'shell, stopped',
  ]);
  expect((await pruneProcesses(root)).map(({ name }) => name)).toEqual(['good']);
  // The copy is the only one of it now.
  expect((await discoverProcesses(root)).map(({ ours }) => ours)).toEqual([false, true]);
});
