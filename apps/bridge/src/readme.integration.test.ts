import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { examplesOf } from './testing/readme-examples.ts';
import { Sandbox } from './testing/sandbox.ts';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(async () => {
  try {
    await sandbox.whenEmpty();
  } finally {
    sandbox.remove();
  }
});

test.each([
  ['the README of ccb', 'README.md', 9],
  ['the README of the project', '../../README.md', 2],
])('every example in %s runs', async (_, readme, count) => {
  sandbox.installClaude();
  // Those in containers are run where an engine is.
  const lines = examplesOf(readme).filter((line) => !line.includes('--backend docker'));
  expect(lines).toHaveLength(count);
  writeFileSync(join(sandbox.workspace, 'steps.sh'), 'echo one\necho two\n');
  for (const line of lines) {
    const { exitCode, stderr } = await sandbox.shell(`cd '${sandbox.workspace}' && ${line}`);
    expect([line, exitCode, stderr]).toEqual([line, 0, stderr]);
  }
  await sandbox.endInstances();
});

test('the program in the README of the project runs', async () => {
  const text = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const program = /```ts\n(.*?)```/s.exec(text)?.[1] ?? '';
  expect(program).toContain('processBackend');
  // Beside this test, where its import resolves; a lowered `await using` needs the transpiler.
  const { exitCode, stdout } = await sandbox.typescript(program);
  expect([exitCode, String(stdout)]).toEqual([0, '/tmp\nfalse 3\n']);
});
