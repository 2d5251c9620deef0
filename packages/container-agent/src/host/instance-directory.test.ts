import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstanceRecord } from '@ccb/instance-interface';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assertFree, assertOwn, claimDirectory, furnish, makePipes, removeDirectory } from './instance-directory.ts';
import { type InstanceLayout, instanceLayout } from './layout.ts';
import { instanceDirectories, readOwnRecord, writeRecord } from './own-record.ts';

type MoonRecord = InstanceRecord<'moon', { readonly instanceId: string; readonly directory: string }>;

let home: string;
let layout: InstanceLayout;
let record: MoonRecord;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ccb-directory-'));
  layout = instanceLayout(join(home, 'instances', 'box'), 'box');
  record = {
    version: 1,
    name: 'box',
    type: 'moon',
    createdAt: '2026-01-02T03:04:05.678Z',
    program: 'shell',
    data: { instanceId: '0123-4567', directory: layout.directory },
  };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

test('an instance has its directories, its pipes, an agent of its own and its record, for its owner alone', async () => {
  assertFree(layout, 'box');
  claimDirectory(layout, 'box');
  await furnish(layout, record);
  expect(readdirSync(layout.directory).sort()).toEqual(['agent', 'home', 'instance.json', 'pipes', 'state']);
  const { directory, agentDirectory, home, pipesDirectory, state } = layout;
  expect([directory, agentDirectory, home, pipesDirectory, state].map(modeOf)).toEqual(Array(5).fill(0o700));
  expect(readdirSync(pipesDirectory).sort()).toEqual(['box.ctl.fifo', 'box.in.fifo', 'box.out.fifo']);
  expect(readdirSync(agentDirectory)).toEqual(['agent.cjs']);
  expect(JSON.parse(readFileSync(layout.record, 'utf8'))).toEqual(record);
  expect(modeOf(layout.record)).toBe(0o600);
  expect(() => assertOwn(layout, record)).not.toThrow();
});

test('lost pipes are made again, with the mode that is asked for; those that are there are kept', async () => {
  claimDirectory(layout, 'box');
  await furnish(layout, record);
  rmSync(`${layout.pipes}.in.fifo`);
  await makePipes(layout, { mode: 0o600 });
  expect(['in', 'out', 'ctl'].map((kind) => modeOf(`${layout.pipes}.${kind}.fifo`))).toEqual([0o600, 0o660, 0o660]);
});

test('a name is taken once', () => {
  claimDirectory(layout, 'box');
  const taken = expect.objectContaining({ code: 'CCB_NAME_TAKEN', message: expect.stringContaining(layout.directory) });
  expect(() => assertFree(layout, 'box')).toThrow(taken);
  expect(() => claimDirectory(layout, 'box')).toThrow(taken);
});

test.each<[string, Partial<MoonRecord> | { readonly data: unknown }]>([
  ['another name', { name: 'other' }],
  ['another type', { type: 'sun' as 'moon' }],
  ['another id', { data: { instanceId: '9999-9999' } }],
  ['no id', { data: null }],
])('a directory whose record has %s belongs to somebody else, and is left alone', async (_what, change) => {
  claimDirectory(layout, 'box');
  await furnish(layout, record);
  writeRecord(layout, { ...record, ...change });
  const foreign = expect.objectContaining({ code: 'CCB_RECORD_INVALID', instance: 'box' });
  expect(() => assertOwn(layout, record)).toThrow(foreign);
  expect(() => removeDirectory(layout, record)).toThrow(foreign);
  expect(readdirSync(layout.directory)).toContain('instance.json');
});

test('what a creation that was cut off left is its own; anything else in it makes it foreign', async () => {
  claimDirectory(layout, 'box');
  await furnish(layout, record);
  rmSync(layout.record);
  writeFileSync(layout.lock, '');
  writeFileSync(`${layout.record}.new`, '{');
  expect(() => assertOwn(layout, record)).not.toThrow();
  writeFileSync(join(layout.directory, 'thesis'), 'years of work');
  expect(() => removeDirectory(layout, record)).toThrow(/holds other things/);
  rmSync(join(layout.directory, 'thesis'));
  removeDirectory(layout, record);
  removeDirectory(layout, record);
  expect(() => assertOwn(layout, record)).toThrow(expect.objectContaining({ code: 'CCB_NOT_FOUND' }));
});

test('a record is found where it lies, unless it is of another type or says that it lies elsewhere', () => {
  const read = (directory: string) => readOwnRecord<MoonRecord>(directory, 'moon', (found) => found as MoonRecord);
  expect(instanceDirectories(home)).toEqual([]);
  mkdirSync(layout.directory, { recursive: true });
  writeFileSync(join(home, 'instances', 'file'), '');
  expect(instanceDirectories(home)).toEqual([layout.directory]);
  expect(read(layout.directory)).toBeUndefined();
  writeRecord(layout, record);
  expect(read(layout.directory)).toEqual(record);
  writeRecord(layout, { ...record, type: 'sun', data: { directory: '/x' } });
  expect(read(layout.directory)).toBeUndefined();
  writeRecord(layout, { ...record, data: { directory: '/x', instanceId: '0123-4567' } });
  expect(() => read(layout.directory)).toThrow(/copied or moved/);
  writeFileSync(layout.record, '{');
  expect(() => read(layout.directory)).toThrow();
});
