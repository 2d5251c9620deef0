import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { dockerBackend } from './backend.ts';
import { defaultImage } from './image/default-image.ts';
import { docker } from './testing/sandbox.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ccb-check-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

test('tells which engine answers, whether the default image is there, who the program would be', async () => {
  const checks = await dockerBackend({ home: join(root, 'not', 'yet') }).check();
  const byName = Object.fromEntries(checks.map((check) => [check.name, check]));
  expect(Object.keys(byName)).toEqual(['engine', 'image', 'workspace', 'home']);
  expect(byName.engine).toMatchObject({
    status: 'ok',
    message: expect.stringMatching(/^\w+ [\d.]+\S* at \w+:\/\/.*, version 1\.\d+ of the API/),
  });
  const has = (await docker('images', '--quiet', defaultImage)) !== '';
  expect(byName.image).toMatchObject(has ? { status: 'ok' } : { status: 'warning', fix: 'ccb image build' });
  expect(byName.workspace?.message).toMatch(/program is user \d+:\d+/);
  expect(byName.home?.status).toBe('ok');
});

test.each([
  ['does not answer', 'unix:///nowhere/docker.sock', 'could not be asked'],
  ['makes no sense', 'smoke://signals', 'DOCKER_HOST is "smoke://signals"'],
])('an engine that %s is a problem, and a home that is a file another', async (_, host, message) => {
  vi.stubEnv('DOCKER_HOST', host);
  const home = join(root, 'file');
  writeFileSync(home, '', { mode: 0o600 });
  expect(await dockerBackend({ home }).check()).toMatchObject([
    { name: 'engine', status: 'problem', message: expect.stringContaining(message) },
    { name: 'home', status: 'problem', fix: expect.stringContaining('CCB_HOME') },
  ]);
});
