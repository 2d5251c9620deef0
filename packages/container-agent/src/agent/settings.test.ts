import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseSettings, readSettings } from './settings.ts';

const valid = {
  version: 1,
  name: 'box',
  instanceId: '0123abcd-ef',
  pipes: '/box/pipes/box',
  state: '/box/state',
  program: 'shell',
  programArgs: ['-x'],
  workspace: '/work',
  env: { PATH: '/bin' },
  secrets: ['TOKEN'],
  ephemeral: { lock: '/box/lock', directory: '/box' },
  journal: { segmentBytes: 1, retainBytes: 2, maxLagBytes: 3 },
  hostSilenceMs: 1_000,
  stall: { afterMs: 30_000, limitsMs: { unfinished: 5_000, frozen: 60_000 } },
};

test('settings as a host writes them are taken as they are', () => {
  expect(parseSettings(valid)).toEqual(valid);
  const { ephemeral: _e, journal: _j, hostSilenceMs: _h, stall: _s, ...least } = valid;
  expect(parseSettings(least)).toEqual(least);
  const { pipes: _p, ...unpiped } = least;
  const contained = {
    ...unpiped,
    socket: '/ccb/state/agent.sock',
    log: '/ccb/state/agent.log',
    previousEnd: 'the container ended: exit 137, out of memory',
    launch: '2f9d9a52-9f0c-4a0e-b7f1-5d1c8f1f7f62',
    ephemeral: { hostGoneMs: 30_000 },
  };
  expect(parseSettings(contained)).toEqual(contained);
  expect(parseSettings({ ...contained, socket: '@name' })).toMatchObject({ socket: '@name' });
  expect(() => parseSettings(unpiped)).toThrow('pipes must be given where there is no socket');
});

test.each<[field: string, value: unknown, says?: string]>([
  ['version', 2],
  ['name', ''],
  ['instanceId', 'a b'],
  ['instanceId', '../../x'],
  ['pipes', 'pipes'],
  ['state', 7],
  ['workspace', './here'],
  ['program', null],
  ['programArgs', 'x'],
  ['programArgs', ['a\0b']],
  ['secrets', [1]],
  ['env', { A: 1 }],
  ['env', { A: 'x\0y' }],
  ['env', null],
  ['ephemeral', { lock: '/box/lock', directory: 'box' }, 'directory'],
  ['ephemeral', { lock: '/box/lock', directory: '/home/somebody' }],
  ['ephemeral', { hostGoneMs: -1 }, 'ephemeral.hostGoneMs'],
  ['ephemeral', { hostGoneMs: 2 ** 31 }, 'ephemeral.hostGoneMs'],
  ['ephemeral', { hostGoneMs: 5, directory: '/box' }, 'ephemeral.directory'],
  ['socket', 'agent.sock'],
  ['socket', '@'],
  ['socket', '/'],
  ['socket', `/${'x'.repeat(107)}`],
  ['socket', `/${'é'.repeat(54)}`],
  ['socket', '/a\0b'],
  ['log', 'agent.log'],
  ['previousEnd', 'x'.repeat(1_001)],
  ['launch', 5],
  ['journal', { segmentBytes: -1 }, 'segmentBytes'],
  ['hostSilenceMs', 'soon'],
  ['stall', 5],
  ['stall', { afterMs: 0 }, 'stall.afterMs'],
  ['stall', { after: 5 }, 'stall.after'],
  ['stall', { limitsMs: [] }, 'stall.limitsMs'],
  ['stall', { limitsMs: { tool: 1.5 } }, 'stall.limitsMs.tool'],
  ['stall', { limitsMs: { bored: 5 } }, 'stall.limitsMs.bored'],
])('settings with a wrong %s (%j) are refused, naming it', (field, value, says) => {
  expect(() => parseSettings({ ...valid, [field]: value })).toThrow(says ?? field);
});

test('a value of the environment never stands in the message', () => {
  expect(() => parseSettings({ ...valid, env: { A: 'hush\0' } })).toThrow(expect.not.stringContaining('hush'));
});

test('a file that cannot be read, or is not JSON, is named, with what to do', () => {
  const root = mkdtempSync(join(tmpdir(), 'ccb-settings-'));
  try {
    const path = join(root, 'settings.json');
    expect(() => readSettings(path)).toThrow(path);
    writeFileSync(path, '{"version": 1');
    expect(() => readSettings(path)).toThrow(/start the instance again/);
  } finally {
    rmSync(root, { recursive: true });
  }
});
