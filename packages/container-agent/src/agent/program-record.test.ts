import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { freshDirectory } from '../journal/testing/directory.ts';
import { processStat } from './proc.ts';
import { ProgramFile } from './program-record.ts';

let state: string;
let file: ProgramFile;
const own = processStat(process.pid);

beforeEach(() => {
  state = freshDirectory();
  mkdirSync(state);
  file = new ProgramFile(state);
});

function change(fields: object): void {
  const path = join(state, 'program.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...fields }));
}

test('a program that still lives is found by its record', () => {
  const group = own?.group ?? 0;
  file.write({ pid: process.pid, group });
  expect(new ProgramFile(state).survivor()).toEqual({ group });
  file.clear();
  expect(file.survivor()).toBeUndefined();
});

test.each([
  ['start time', { startTime: '1' }],
  ['boot', { bootId: 'another' }],
  ['group', { group: 999_999_999 }],
  ['number', { pid: 2 ** 22 + 1 }],
])('a process with another %s is somebody else', (_what, fields) => {
  file.write({ pid: process.pid, group: own?.group ?? 0 });
  change(fields);
  expect(file.survivor()).toBeUndefined();
});

test.each([0, 1, -1, 1.5, 'x', null])('a planted group %j is never signalled', (group) => {
  file.write({ pid: process.pid, group: own?.group ?? 0 });
  change({ group });
  expect(file.survivor()).toBeUndefined();
});

test('a record that is no JSON says nothing', () => {
  writeFileSync(join(state, 'program.json'), '{');
  expect(file.survivor()).toBeUndefined();
});

test('a process that is gone before it could be recorded leaves no record', () => {
  file.write({ pid: 2 ** 22 + 1, group: 2 ** 22 + 1 });
  expect(file.survivor()).toBeUndefined();
});
