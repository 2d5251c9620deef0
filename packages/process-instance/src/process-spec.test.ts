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
  ['name', 'Box'],
  ['type', 'docker'],
  ['env', { 'A=B': 'x' }],
  ['workspace', '/no/such/place'],
  ['directory', 'here'],
  ['directory', 7],
  ['image', 'x'],
])('%s: %j is a TypeError that names it', (field, value) => {
  const spec = { name: 'box', [field]: value };
  expect(() => parseProcessSpec(spec)).toThrow(TypeError);
  expect(() => parseProcessSpec(spec)).toThrow(field);
});

test('create refuses a bad spec before anything is made', async () => {
  const backend = processBackend({ home: '/no/such/home' });
  await expect(backend.create({ type: 'process', name: 'NO' })).rejects.toThrow(TypeError);
});
