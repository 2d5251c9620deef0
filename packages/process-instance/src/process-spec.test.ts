import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { processBackend } from './backend.ts';
import { parseProcessSpec } from './process-spec.ts';

test('a spec from unknown JSON is a shell unless it says otherwise', () => {
  expect(parseProcessSpec({ name: 'box' })).toEqual({ type: 'process', name: 'box', program: 'shell' });
  const full = {
    type: 'process',
    name: 'a_b-1',
    program: 'echo',
    programArgs: ['-x'],
    workspace: tmpdir(),
    env: { A_1: 'x' },
    ephemeral: true,
    directory: '/d',
    maxQueue: 3,
    stall: { afterMs: 5_000, limitsMs: { unfinished: 60_000, tool: undefined } },
  };
  expect(parseProcessSpec(full)).toEqual(full);
});

test.each([
  ['a number', 7],
  ['a list', []],
  ['nothing', null],
])('%s is no spec', (_what, value) => expect(() => parseProcessSpec(value)).toThrow(TypeError));

test.each([
  ['name', undefined],
  ['name', ''],
  ['name', 'Box'],
  ['name', '../box'],
  ['name', '-box'],
  ['name', 'a'.repeat(64)],
  ['name', 'box\n'],
  ['type', 'docker'],
  ['program', 7],
  ['programArgs', 'x'],
  ['programArgs', ['a\0']],
  ['env', []],
  ['env', { 'A=B': 'x' }],
  ['env', { '': 'x' }],
  ['env', { '1A': 'x' }],
  ['env', { A: 7 }],
  ['env', { A: 'x\0' }],
  ['ephemeral', 'yes'],
  ['stall', 30_000],
  ['stall', []],
  ['directory', 'here'],
  ['workspace', 'here'],
  ['workspace', '/no/such/place'],
  ['workspace', '/dev/null'],
  ['image', 'x'],
])('%s: %j is a TypeError that names it', (field, value) => {
  const spec = { name: 'box', [field]: value };
  expect(() => parseProcessSpec(spec)).toThrow(TypeError);
  expect(() => parseProcessSpec(spec)).toThrow(field);
});

test.each([
  ['stall.afterMs', { afterMs: -1 }],
  ['stall.afterMs', { afterMs: '30s' }],
  ['stall.afterMs', { afterMs: Number.NaN }],
  ['stall.timeoutMs', { timeoutMs: 1 }],
  ['stall.limitsMs', { limitsMs: null }],
  ['stall.limitsMs.tool', { limitsMs: { tool: 0 } }],
  ['stall.limitsMs.bored', { limitsMs: { bored: 1 } }],
])('%s of %j is a TypeError that names it', (field, stall) => {
  expect(() => parseProcessSpec({ name: 'box', stall })).toThrow(TypeError);
  expect(() => parseProcessSpec({ name: 'box', stall })).toThrow(field);
});

test('a program that this version cannot drive is not found, and those it can are named', () => {
  expect(() => parseProcessSpec({ name: 'box', program: 'emacs' })).toThrow(
    expect.objectContaining({ code: 'CCB_PROGRAM_NOT_FOUND', message: expect.stringContaining('shell') }),
  );
});

test('a value of the environment never stands in the message', () => {
  expect(() => parseProcessSpec({ name: 'box', env: { A: 'hush\0' } })).toThrow(expect.not.stringContaining('hush'));
});

test('create refuses a bad spec before anything is made', async () => {
  const backend = processBackend({ home: '/no/such/home' });
  await expect(backend.create({ type: 'process', name: 'NO' })).rejects.toThrow(TypeError);
});
