import { tmpdir } from 'node:os';
import type { InstanceSpec } from '@ccb/instance-interface';
import { expect, test } from 'vitest';
import { parseAgentSpec } from './agent-spec.ts';

interface MoonSpec extends InstanceSpec {
  readonly type: 'moon';
  readonly crater?: unknown;
}

function parse(value: unknown, workspace?: 'here' | 'elsewhere'): MoonSpec {
  return parseAgentSpec<MoonSpec>('moon', value, ['crater'], { workspace });
}

test("a spec is a shell unless it says otherwise; the backend's own keys pass as they are", () => {
  expect(parse({ name: 'box' })).toEqual({ type: 'moon', name: 'box', program: 'shell' });
  const full = {
    type: 'moon',
    name: 'a_b-1',
    program: 'echo',
    programArgs: ['-x'],
    workspace: tmpdir(),
    env: { A_1: 'x' },
    login: 'person',
    ephemeral: true,
    maxQueue: 3,
    crater: { anything: 7 },
    stall: { afterMs: 5_000, limitsMs: { unfinished: 60_000, tool: undefined } },
  };
  expect(parse(full)).toEqual(full);
});

test.each([7, [], null])('%j is no spec', (value) => expect(() => parse(value)).toThrow(/^moon: the spec must be/));

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
  ['login', 'theirs'],
  ['ephemeral', 'yes'],
  ['stall', 30_000],
  ['stall', []],
  ['workspace', 'here'],
  ['workspace', '/no/such/place'],
  ['workspace', '/dev/null'],
  ['directory', '/x'],
])('%s: %j is a TypeError that names it', (field, value) => {
  const spec = { name: 'box', [field]: value };
  expect(() => parse(spec)).toThrow(TypeError);
  expect(() => parse(spec)).toThrow(field);
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
  expect(() => parse({ name: 'box', stall })).toThrow(TypeError);
  expect(() => parse({ name: 'box', stall })).toThrow(field);
});

test('a key that nobody knows is told with those that there are', () => {
  expect(() => parse({ name: 'box', image: 'x' })).toThrow(/^moon: image is no option .* type, name,.* crater$/);
});

test('a workspace elsewhere must be absolute, and is not looked for here', () => {
  expect(parse({ name: 'box', workspace: '/no/such/place' }, 'elsewhere').workspace).toBe('/no/such/place');
  expect(() => parse({ name: 'box', workspace: '/no/such/place' }, 'here')).toThrow(
    /\/no\/such\/place is no directory/,
  );
  expect(() => parse({ name: 'box', workspace: 'here' }, 'elsewhere')).toThrow(/absolute/);
});

test('a program that this version cannot drive is not found, and those it can are named', () => {
  expect(() => parse({ name: 'box', program: 'emacs' })).toThrow(
    expect.objectContaining({ code: 'CCB_PROGRAM_NOT_FOUND', message: expect.stringContaining('shell') }),
  );
});

test('a value of the environment never stands in the message', () => {
  expect(() => parse({ name: 'box', env: { A: 'hush\0' } })).toThrow(expect.not.stringContaining('hush'));
});
