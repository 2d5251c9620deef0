import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstanceRecord } from '@ccb/instance-interface';
import { acquireLock, isLocked } from '@ccb/named-pipe/lock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assertFree, assertOwn, claimDirectory, furnish, makePipes, removeDirectory } from './instance-directory.ts';
import { type InstanceLayout, instanceLayout } from './layout.ts';
import { leftovers, removeLeftover } from './leftovers.ts';
import { moveDirectory } from './move-directory.ts';
import { instanceDirectories, readOwnRecord, settleRecord, writeRecord } from './own-record.ts';

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

async function claim(): Promise<void> {
  const lock = await claimDirectory(layout, record);
  await lock.release();
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

test('an instance has its directories, its pipes, an agent of its own and its record, for its owner alone', async () => {
  assertFree(layout, 'box');
  await claim();
  await furnish(layout, 'shell');
  expect(readdirSync(layout.directory).sort()).toEqual(['agent', 'home', 'instance.json', 'lock', 'pipes', 'state']);
  const { directory, agentDirectory, home, pipesDirectory, state } = layout;
  expect([directory, agentDirectory, home, pipesDirectory, state].map(modeOf)).toEqual(Array(5).fill(0o700));
  expect(readdirSync(pipesDirectory).sort()).toEqual(['box.ctl.fifo', 'box.in.fifo', 'box.out.fifo']);
  expect(readdirSync(agentDirectory)).toEqual(['agent.cjs']);
  expect(JSON.parse(readFileSync(layout.record, 'utf8'))).toEqual(record);
  expect(modeOf(layout.record)).toBe(0o600);
  expect(() => assertOwn(layout, record)).not.toThrow();
});

test('lost pipes are made again, with the mode that is asked for; those that are there are kept', async () => {
  await claim();
  await furnish(layout, 'shell');
  rmSync(`${layout.pipes}.in.fifo`);
  await makePipes(layout, { mode: 0o600 });
  expect(['in', 'out', 'ctl'].map((kind) => modeOf(`${layout.pipes}.${kind}.fifo`))).toEqual([0o600, 0o660, 0o660]);
});

test('a name is taken once', async () => {
  await claim();
  const taken = expect.objectContaining({ code: 'CCB_NAME_TAKEN', message: expect.stringContaining(layout.directory) });
  expect(() => assertFree(layout, 'box')).toThrow(taken);
  await expect(claimDirectory(layout, record)).rejects.toEqual(taken);
  expect(readdirSync(join(home, 'instances'))).toEqual(['box']);
});

test('of many that want a name at once one gets it, and holds it from the first moment', async () => {
  const claims = await Promise.allSettled(Array.from({ length: 8 }, () => claimDirectory(layout, record)));
  const winners = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []));
  expect(winners).toHaveLength(1);
  expect(await isLocked(layout.lock)).toBe(true);
  await winners[0]?.release();
  expect(readdirSync(join(home, 'instances'))).toEqual(['box']);
});

test('an empty directory of that name is the remains of one, and in nobody’s way', async () => {
  mkdirSync(layout.directory, { recursive: true });
  assertFree(layout, 'box');
  await claim();
  expect(readOwnRecord<MoonRecord>(layout.directory, 'moon', (found) => found as MoonRecord)).toEqual(record);
});

test('a filling that was cut off is finished; what is there is kept', async () => {
  await claim();
  mkdirSync(layout.agentDirectory);
  writeFileSync(`${layout.agentFile}.new`, 'half');
  await furnish(layout, 'shell');
  const whole = statSync(layout.agentFile).size;
  expect(whole).toBeGreaterThan(10_000);
  writeFileSync(layout.agentFile, 'of an older version');
  await furnish(layout, 'shell');
  expect(readFileSync(layout.agentFile, 'utf8')).toBe('of an older version');
});

test('what killed creations and removals left is found, except what is young or held', async () => {
  await claim();
  const instances = join(home, 'instances');
  const at = (name: string, age = 3600): string => {
    const path = join(instances, name);
    mkdirSync(path);
    writeFileSync(join(path, 'lock'), '');
    const then = Date.now() / 1000 - age;
    utimesSync(path, then, then);
    return path;
  };
  const [old, gone, held] = [at('.new-a-1'), at('.gone-b-2', 0), at('.new-c-3')];
  at('.new-young-4', 0);
  await using _lock = await acquireLock(join(held, 'lock'));
  expect((await leftovers(home)).slice().sort()).toEqual([gone, old]);
  for (const path of await leftovers(home)) removeLeftover(path);
  expect(readdirSync(instances).sort()).toEqual(['.new-c-3', '.new-young-4', 'box']);
  expect(instanceDirectories(home)).toEqual([layout.directory]);
});

test.each<[string, Partial<MoonRecord> | { readonly data: unknown }]>([
  ['another type', { type: 'sun' as 'moon' }],
  ['another id', { data: { instanceId: '9999-9999' } }],
  ['no id', { data: null }],
])('a directory whose record has %s belongs to somebody else, and is left alone', async (_what, change) => {
  await claim();
  await furnish(layout, 'shell');
  writeRecord(layout, { ...record, ...change });
  const foreign = expect.objectContaining({ code: 'CCB_RECORD_INVALID', instance: 'box' });
  expect(() => assertOwn(layout, record)).toThrow(foreign);
  expect(() => removeDirectory(layout, record)).toThrow(foreign);
  expect(readdirSync(layout.directory)).toContain('instance.json');
});

test('what a creation that was cut off left is its own; anything else in it makes it foreign', async () => {
  await claim();
  await furnish(layout, 'shell');
  rmSync(layout.record);
  writeFileSync(`${layout.record}.new`, '{');
  expect(() => assertOwn(layout, record)).not.toThrow();
  writeFileSync(join(layout.directory, 'thesis'), 'years of work');
  expect(() => removeDirectory(layout, record)).toThrow(/holds other things/);
  rmSync(join(layout.directory, 'thesis'));
  removeDirectory(layout, record);
  removeDirectory(layout, record);
  expect(() => assertOwn(layout, record)).toThrow(expect.objectContaining({ code: 'CCB_NOT_FOUND' }));
});

test('a record is found where it lies, unless it is of another type', () => {
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
  writeFileSync(layout.record, '{');
  expect(() => read(layout.directory)).toThrow(/cannot be read: .*Nothing was touched/);
});

test('a record whose directory was moved tells where it is now; one that was copied is nobody’s', async () => {
  const read = (directory: string) => readOwnRecord<MoonRecord>(directory, 'moon', (found) => found as MoonRecord);
  await claim();
  const other = instanceLayout(join(home, 'instances', 'other'), 'other');
  renameSync(layout.directory, other.directory);
  const moved = { ...record, name: 'other', data: { ...record.data, directory: other.directory } };
  expect(read(other.directory)).toEqual(moved);
  cpSync(other.directory, layout.directory, { recursive: true });
  expect(() => read(other.directory)).toThrow(expect.objectContaining({ code: 'CCB_RECORD_INVALID' }));
  rmSync(layout.directory, { recursive: true });
  settleRecord(moved);
  cpSync(other.directory, layout.directory, { recursive: true });
  expect(read(other.directory)).toEqual(moved);
  expect(() => read(layout.directory)).toThrow(/was copied/);
});

test('a stopped instance gets another name; one that is held or runs, and a name that is taken, are refused', async () => {
  await claim();
  await furnish(layout, 'shell');
  await using held = await acquireLock(layout.lock);
  await expect(moveDirectory(record, 'next')).rejects.toMatchObject({ code: 'CCB_LOCKED' });
  await held.release();
  await using alive = await acquireLock(layout.agentLock);
  await expect(moveDirectory(record, 'next')).rejects.toMatchObject({ code: 'CCB_INVALID_STATE' });
  await alive.release();
  const next = await moveDirectory(record, 'next');
  expect(next).toMatchObject({ name: 'next', data: { directory: join(home, 'instances', 'next') } });
  expect(readdirSync(join(home, 'instances'))).toEqual(['next']);
  expect(readdirSync(join(home, 'instances', 'next', 'pipes'))).toEqual([]);
  await claim();
  await expect(moveDirectory(next, 'box')).rejects.toMatchObject({ code: 'CCB_NAME_TAKEN' });
  await expect(moveDirectory({ ...next, data: { ...next.data, instanceId: 'x' } }, 'y')).rejects.toMatchObject({
    code: 'CCB_RECORD_INVALID',
  });
});
