import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const programs = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, program = '']) => program);
const loader = createRequire(import.meta.url).resolve('tsx');

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ccb-readme-'));
  const scope = join(root, 'node_modules', '@ccb');
  mkdirSync(scope, { recursive: true });
  symlinkSync(new URL('..', import.meta.url), join(scope, 'conformance'));
  symlinkSync(new URL('../../instance-interface', import.meta.url), join(scope, 'instance-interface'));
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
});
afterEach(() => rmSync(root, { recursive: true }));

async function run(program: string, ...flags: readonly string[]): Promise<string> {
  writeFileSync(join(root, 'program.ts'), program);
  const args = ['--conditions=@ccb/source', '--import', loader, ...flags, 'program.ts'];
  const options = { cwd: root, env: { PATH: process.env.PATH, HOME: root }, timeout: 60_000 };
  return (await promisify(execFile)(process.execPath, args, options)).stdout;
}

test('a backend proves itself as the README says', async () => {
  const example = readFileSync(new URL('../../../examples/own-backend/src/index.ts', import.meta.url), 'utf8');
  writeFileSync(
    join(root, 'my-backend.ts'),
    `${example}\nexport const myBackend = { ...sshBackend, create: ({ name }, options) => sshBackend.create({ type: 'ssh', name, argv: ['sh', '-c'] }, options) };\n`,
  );
  const program = (programs[0] ?? '').replace(
    'commands: shellCommands',
    'commands: { ...shellCommands, stderr: null, background: null }',
  );
  const stdout = await run(program, '--test', '--test-reporter=tap');
  expect(stdout).toMatch(/^# fail 0$/m);
  expect(stdout).not.toMatch(/^# pass 0$/m);
});

test('the fake API answers as the README says', async () => {
  expect(await run(programs[1] ?? '')).toBe('hello true\n');
});
