import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const loader = createRequire(import.meta.url).resolve('tsx');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ccb-readme-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('the program of the README does what it says', async () => {
  const [, program = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const scope = join(directory, 'node_modules', '@ccb');
  mkdirSync(scope, { recursive: true });
  for (const name of ['instance-manager', 'process-instance'])
    symlinkSync(new URL(`../../${name}`, import.meta.url), join(scope, name));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(directory, 'program.ts'), program);
  const running = promisify(execFile)(
    process.execPath,
    ['--conditions=@ccb/source', '--import', loader, 'program.ts'],
    {
      cwd: directory,
      env: { PATH: process.env.PATH, HOME: directory },
      timeout: 30_000,
      killSignal: 'SIGKILL',
    },
  );
  running.child.stdin?.end();
  const { stdout, stderr } = await running;
  expect(stderr).toBe('');
  expect(stdout).toBe('work running\n7\n');
});
