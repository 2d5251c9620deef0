import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { previousEnd } from './previous-end.ts';

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'previous-end-'));
});
afterEach(() => rmSync(state, { recursive: true }));

it('holds for the first agent that reads the settings, and for no other', () => {
  const settings = { state, launch: 'one', previousEnd: 'the container was removed' };
  expect(previousEnd(settings)).toBe('the container was removed');
  expect(previousEnd(settings)).toBeUndefined();
  expect(previousEnd({ ...settings, launch: 'two' })).toBe('the container was removed');
});

it('is believed where it cannot be noted', () => {
  const settings = { state: join(state, 'absent'), launch: 'one', previousEnd: 'exit 1' };
  expect(previousEnd(settings)).toBe('exit 1');
});

it('always holds where the host does not tell one launch from another, and is unknown where it says nothing', () => {
  const settings = { state, launch: undefined, previousEnd: 'exit 1' };
  for (let i = 0; i < 2; i += 1) expect(previousEnd(settings)).toBe('exit 1');
  expect(previousEnd({ state, launch: 'one' })).toBeUndefined();
});
