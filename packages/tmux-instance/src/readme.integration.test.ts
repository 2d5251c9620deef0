import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { Sandbox } from './testing/sandbox.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const loader = createRequire(import.meta.url).resolve('tsx');

test('the program of the README does what it says, and leaves nothing', async () => {
  await using sandbox = new Sandbox();
  const [, program = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const scope = join(sandbox.root, 'node_modules', '@ccb');
  mkdirSync(scope, { recursive: true });
  symlinkSync(new URL('..', import.meta.url), join(scope, 'tmux-instance'));
  writeFileSync(join(sandbox.root, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(sandbox.root, 'program.ts'), program);
  const args = ['--conditions=@ccb/source', '--import', loader, 'program.ts'];
  const run = await promisify(execFile)(process.execPath, args, {
    cwd: sandbox.root,
    env: { PATH: process.env.PATH, HOME: sandbox.root, XDG_RUNTIME_DIR: sandbox.root },
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  expect(run).toEqual({
    stdout: 'hello\n/usr 3\nattach-session -t =ccb-box\n',
    stderr: '',
  });
  expect(readdirSync(join(sandbox.root, 'instances', 'instances'))).toEqual([]);
});
