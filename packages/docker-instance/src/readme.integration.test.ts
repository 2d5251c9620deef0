import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { docker, Sandbox } from './testing/sandbox.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const loader = createRequire(import.meta.url).resolve('tsx');

test('the program of the README does what it says, and leaves nothing', async () => {
  await using sandbox = await Sandbox.make();
  const [, program = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const scope = join(sandbox.workspace, 'node_modules', '@ccb');
  mkdirSync(scope, { recursive: true });
  symlinkSync(new URL('..', import.meta.url), join(scope, 'docker-instance'));
  writeFileSync(join(sandbox.workspace, 'package.json'), '{ "type": "module" }');
  // An engine has one container of a name, and the image that the README names comes from a registry.
  const name = `readme-${process.pid}`;
  const local = program.replace("'box'", `'${name}'`).replace("'node:24'", `'${sandbox.image}'`);
  writeFileSync(join(sandbox.workspace, 'program.ts'), local);
  const args = ['--conditions=@ccb/source', '--import', loader, 'program.ts'];
  const { PATH, DOCKER_HOST } = process.env;
  const run = await promisify(execFile)(process.execPath, args, {
    cwd: sandbox.workspace,
    env: { PATH, HOME: sandbox.root, ...(DOCKER_HOST && { DOCKER_HOST }) },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  expect(run).toEqual({ stdout: 'hello\n/usr 0\nfifo running 512\n', stderr: '' });
  expect(readdirSync(join(sandbox.workspace, 'instances', 'instances'))).toEqual([]);
  expect(await docker('ps', '--all', '--quiet', '--filter', `name=ccb-${name}`)).toBe('');
});
