import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fakeClaudeFile } from '@ccb/conformance/claude';
import { dockerBackend } from '@ccb/docker-instance';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureTestImage } from '../packages/docker-instance/src/testing/test-image.ts';

const examples = fileURLToPath(new URL('.', import.meta.url));
const [engine] = await dockerBackend().check();
const absent = engine?.status === 'ok' ? undefined : engine?.message;

if (process.env.CI === 'true') {
  test('continuous integration has an engine', () => {
    expect(absent).toBeUndefined();
  });
}

describe.skipIf(absent !== undefined)(absent ? `in containers (not here: ${absent})` : 'in containers', () => {
  let root: string;
  let workspace: string;
  let env: Record<string, string>;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ccb-examples-'));
    workspace = join(root, 'workspace');
    mkdirSync(workspace);
    // Programs in containers are not root, which this machine's user may be.
    if (process.getuid?.() === 0) chownSync(workspace, 1000, 1000);
    const { PATH = '', DOCKER_HOST } = process.env;
    env = { PATH, HOME: root, CCB_HOME: join(root, 'state'), ...(DOCKER_HOST && { DOCKER_HOST }) };
  });
  afterEach(() => {
    const left = readdirSync(join(root, 'state', 'instances'));
    rmSync(root, { recursive: true, force: true });
    expect(left).toEqual([]);
  });

  const program = (name: string, ...args: readonly string[]): readonly string[] => [
    '--import',
    import.meta.resolve('tsx'),
    join(examples, name),
    ...args,
  ];

  test('configuration puts an instance there', async () => {
    const file = join(root, 'ccb.json');
    const image = await ensureTestImage();
    const spec = { type: 'docker', name: `example-${process.pid}`, image, workspace, network: 'none' };
    writeFileSync(file, JSON.stringify(spec));
    const options = { cwd: workspace, env, timeout: 60_000, killSignal: 'SIGKILL' } as const;
    const run = await promisify(execFile)(process.execPath, program('swap-backends.ts', file), options);
    expect(run).toEqual({ stdout: 'true /workspace\n', stderr: '' });
  });

  test('Claude Code answers, and a person is asked for permissions', async () => {
    copyFileSync(fakeClaudeFile, join(workspace, 'claude'));
    chmodSync(join(workspace, 'claude'), 0o755);
    env.CLAUDE_CODE_EXECUTABLE = '/workspace/claude';
    env.ANTHROPIC_API_KEY = 'test-key';
    const args = program('claude-in-a-container.ts', 'ask', await ensureTestImage());
    const claude = spawn(process.execPath, args, { cwd: workspace, env, stdio: 'pipe' });
    try {
      let stdout = '';
      claude.stdout.setEncoding('utf8').on('data', (text) => {
        stdout += text;
      });
      let stderr = '';
      claude.stderr.setEncoding('utf8').on('data', (text) => {
        stderr += text;
        if (text.includes('[y/N]')) claude.stdin.write('y\n');
      });
      await once(claude, 'close', { signal: AbortSignal.timeout(60_000) });
      expect([stdout, stderr]).toEqual(['allowed', expect.stringContaining('touch ccb-asked')]);
      expect(existsSync(join(workspace, 'ccb-asked'))).toBe(true);
    } finally {
      if (claude.exitCode === null && claude.signalCode === null) {
        const exit = once(claude, 'exit');
        claude.kill('SIGKILL');
        await exit;
      }
    }
  });
});
