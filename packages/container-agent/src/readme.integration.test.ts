import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { whenFree } from '@ccb/named-pipe/lock';
import { expect, test } from 'vitest';
import { killAgent } from './host/kill-agent.ts';
import { instanceLayout } from './host/layout.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const loader = createRequire(import.meta.url).resolve('tsx');

test('the program of the README starts an agent, talks to it, and ends it', async () => {
  const root = mkdtempSync(join(tmpdir(), 'ccb-readme-'));
  const { agentLock: lock, state } = instanceLayout(join(root, 'box'), 'box');
  try {
    const [, program = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
    const scope = join(root, 'node_modules', '@ccb');
    mkdirSync(scope, { recursive: true });
    symlinkSync(new URL('..', import.meta.url), join(scope, 'container-agent'));
    symlinkSync(new URL('../../named-pipe', import.meta.url), join(scope, 'named-pipe'));
    writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(root, 'program.ts'), program);
    const args = ['--conditions=@ccb/source', '--import', loader, 'program.ts'];
    const run = await promisify(execFile)(process.execPath, args, {
      cwd: root,
      env: { PATH: process.env.PATH, HOME: root },
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });
    expect(run).toEqual({ stdout: 'shell running\n', stderr: '' });
    await whenFree(lock, { timeoutMs: 5_000 });
  } finally {
    await killAgent({ lock, state, instanceId: 'example-0001' }, 1);
    rmSync(root, { recursive: true, force: true });
  }
});
