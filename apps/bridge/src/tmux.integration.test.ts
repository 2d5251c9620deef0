import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Sandbox } from './testing/sandbox.ts';

const hasTmux = process.env.CI === 'true' || spawnSync('tmux', ['-V']).status === 0;

describe.skipIf(!hasTmux)('ccb with --backend tmux', () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.remove());

  test('runs a command in a pane, and leaves nothing', async () => {
    const { exitCode, stdout, stderr } = await sandbox.ccb(['run', '--backend', 'tmux', '--', 'echo out; exit 3']);
    expect([exitCode, String(stdout)]).toEqual([1, 'out\nexit\n']);
    expect(stderr).toMatch(/^ccb: shell \(tmux\) in .*\/work, instance run-[0-9a-f]{8}, gone at the end\n/);
    const instances = join(sandbox.home, 'instances');
    expect(existsSync(instances) ? readdirSync(instances) : []).toEqual([]);
  });

  test('a chat from a pipe goes on in the same shell', async () => {
    const input = 'cd /usr\npwd\n';
    const { exitCode, stdout } = await sandbox.ccb(['chat', '--backend', 'tmux'], { input });
    expect([exitCode, String(stdout)]).toEqual([0, '/usr\n']);
  });
});
