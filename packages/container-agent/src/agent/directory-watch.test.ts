import { closeSync, mkdirSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchDirectory } from './directory-watch.ts';
import { quiet } from './testing/rig.ts';

let root: string;
let path: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ccb-watch-'));
  path = join(root, 'box', 'state');
  mkdirSync(path, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test.each([
  ['removed, though a file in it is open', () => rmSync(join(root, 'box'), { recursive: true })],
  ['moved away', () => renameSync(path, `${path}.old`)],
  ['moved away with its parent', () => renameSync(join(root, 'box'), join(root, 'other'))],
])('a directory that is %s is noticed', async (_how, act) => {
  const fd = openSync(join(path, 'open'), 'w');
  try {
    const gone = new Promise<void>((resolve) => watchDirectory(path, quiet, resolve));
    writeFileSync(join(root, 'box', 'something else'), '');
    act();
    await gone;
  } finally {
    closeSync(fd);
  }
});

test('a directory that cannot be watched is told in the log', () => {
  const logged: string[] = [];
  const none = watchDirectory(
    join(root, 'no', 'such'),
    (_level, event) => logged.push(event),
    () => undefined,
  );
  none.close();
  expect(logged).toEqual(['directory.not_watched']);
});
