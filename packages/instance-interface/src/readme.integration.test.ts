import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

test('the example of the README runs as it stands', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1];
  if (example === undefined) throw new Error('README.md has no example');

  const directory = await mkdtemp(join(tmpdir(), 'ccb-readme-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await mkdir(join(directory, 'node_modules/@ccb'), { recursive: true });
  await symlink(root, join(directory, 'node_modules/@ccb/instance-interface'));
  await writeFile(join(directory, 'example.mts'), example);

  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@ccb/source', '--import', tsx, 'example.mts'],
    { cwd: directory, env: { PATH: process.env.PATH, HOME: directory }, timeout: 30_000 },
  );
  expect(stdout).toBe('hello\ntrue world\n');
});
