import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeTree } from './remove-tree.ts';

let outside: string;
let root: string;
beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'ccb-tree-'));
  root = join(outside, 'root');
  mkdirSync(root);
});
afterEach(() => {
  expect(spawnSync('rm', ['-rf', outside]).status).toBe(0);
});

/** Deeper than any path may be long. */
function nest(below: string): void {
  const script = `process.chdir(process.argv[1]);
    const name = 'd'.repeat(200);
    for (let n = 0; n < 50; n += 1) {
      require('fs').mkdirSync(name);
      process.chdir(name);
      require('fs').writeFileSync('file', '');
    }`;
  const made = spawnSync(process.execPath, ['-e', script, below], { encoding: 'utf8' });
  expect(made.stderr).toBe('');
}

test('a tree that is deeper than a path is long goes, and what it links to stays', () => {
  const kept = join(outside, 'kept');
  mkdirSync(kept);
  writeFileSync(join(kept, 'file'), 'kept');
  symlinkSync(kept, join(root, 'directory'));
  symlinkSync(join(kept, 'file'), join(root, 'file'));
  nest(root);
  expect(() => rmSync(root, { recursive: true })).toThrow(expect.objectContaining({ code: 'ENAMETOOLONG' }));
  mkdirSync(join(root, 'again'));
  nest(join(root, 'again'));
  symlinkSync(kept, join(root, 'again', 'directory'));
  removeTree(root);
  expect(existsSync(root)).toBe(false);
  expect(readFileSync(join(kept, 'file'), 'utf8')).toBe('kept');
});

test('directories that are shut against their owner go', () => {
  const shut = join(root, 'shut');
  // Nothing is shut against root.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const path of [outside, root]) chownSync(path, 12_345, 12_345);
  if (isRoot) process.seteuid?.(12_345);
  try {
    mkdirSync(join(shut, 'in', 'side'), { recursive: true });
    writeFileSync(join(shut, 'in', 'file'), '');
    chmodSync(join(shut, 'in'), 0o555);
    chmodSync(shut, 0);
    expect(() => rmSync(root, { recursive: true })).toThrow(expect.objectContaining({ code: 'EACCES' }));
    removeTree(root);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
  expect(existsSync(root)).toBe(false);
});

test('nothing is no trouble', () => {
  removeTree(join(outside, 'absent'));
});
