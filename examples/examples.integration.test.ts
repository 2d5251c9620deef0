import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fakeClaudeFile } from '@ccb/conformance/claude';
import { processBackend } from '@ccb/process-instance';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serve } from './sse.ts';

const examples = fileURLToPath(new URL('.', import.meta.url));
const hasTmux = process.env.CI === 'true' || spawnSync('tmux', ['-V']).status === 0;
let root: string;
let env: Record<string, string>;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ccb-examples-'));
  env = { PATH: process.env.PATH ?? '', HOME: root, CCB_HOME: join(root, 'state') };
});
afterEach(() => {
  const instances = join(root, 'state', 'instances');
  const left = readdirSync(root).includes('state') ? readdirSync(instances) : [];
  rmSync(root, { recursive: true, force: true });
  expect(left).toEqual([]);
});

function program(name: string, ...args: readonly string[]): readonly string[] {
  return ['--import', 'tsx', join(examples, name), ...args];
}

async function run(name: string, ...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const options = { cwd: examples, env, timeout: 30_000, killSignal: 'SIGKILL' } as const;
  return await promisify(execFile)(process.execPath, program(name, ...args), options);
}

test('two processes talk through named pipes', async () => {
  const path = join(root, 'upper');
  const watcher = watch(root);
  const server = spawn(process.execPath, program('pipe-server.ts', path), { cwd: examples, env, stdio: 'inherit' });
  try {
    await once(watcher, 'change', { signal: AbortSignal.timeout(15_000) });
    expect(await run('pipe-client.ts', path, 'straße')).toEqual({ stdout: 'STRASSE\n', stderr: '' });
    await end(server, 'SIGTERM');
    expect(server.exitCode).toBe(0);
    expect(readdirSync(root)).toEqual([]);
  } finally {
    watcher.close();
    await end(server, 'SIGKILL');
  }
});

test.each([
  ['a local process', { type: 'process', name: 'work', workspace: '/tmp' }, 'true /tmp\n'],
  ["a stranger's backend", { type: 'ssh', name: 'work', argv: ['sh', '-c'] }, `true ${examples.slice(0, -1)}\n`],
])('configuration chooses where an instance lives: %s', async (_, spec, stdout) => {
  const file = join(root, 'ccb.json');
  writeFileSync(file, JSON.stringify(spec));
  expect(await run('swap-backends.ts', file)).toEqual({ stdout, stderr: '' });
});

test('Claude Code answers, and a person is asked for permissions', async () => {
  const workspace = join(root, 'workspace');
  mkdirSync(workspace);
  env.CLAUDE_CODE_EXECUTABLE = fileURLToPath(fakeClaudeFile);
  env.ANTHROPIC_API_KEY = 'test-key';
  const claude = spawn(process.execPath, program('claude.ts', 'ask'), { cwd: examples, env, stdio: 'pipe' });
  try {
    let stdout = '';
    claude.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    let stderr = '';
    claude.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
      if (text.includes('[y/N]')) claude.stdin.write('n\n');
    });
    await once(claude, 'close', { signal: AbortSignal.timeout(30_000) });
    expect([stdout, stderr]).toEqual(['denied', expect.stringContaining('touch ccb-asked')]);
  } finally {
    await end(claude, 'SIGKILL');
  }
});

test('an answer is served as events, and goes on where a client left it', async () => {
  await using instance = await processBackend({ home: env.CCB_HOME }).create({
    type: 'process',
    name: 'web',
    workspace: root,
  });
  const server = serve(instance).listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/?text=${encodeURIComponent('echo one; read -r _ < gate; echo two')}`;
    await promisify(execFile)('mkfifo', [join(root, 'gate')]);
    const reader = (await fetch(url)).body?.pipeThrough(new TextDecoderStream()).getReader();
    let first = '';
    while (!first.includes('one\\n')) first += (await reader?.read())?.value ?? '';
    await reader?.cancel();
    const [, last = ''] = /^id: (.*)$/m.exec(first) ?? [];
    const rest = fetch(url, { headers: { 'last-event-id': last } }).then((response) => response.text());
    writeFileSync(join(root, 'gate'), 'go\n');
    const texts = [...(await rest).matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ''));
    expect(texts.map(({ type, text }) => text ?? type)).toEqual(['two\n', 'end']);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

test.skipIf(!hasTmux)('a shell in tmux tells how to watch it, and answers', async () => {
  env.XDG_RUNTIME_DIR = root;
  const { stdout, stderr } = await run('watched.ts', 'cd /usr', 'pwd; (exit 3)', 'echo "$?"');
  expect(stdout).toBe('/usr\n3\n');
  expect(stderr).toMatch(/^watch it: tmux -S \S+ attach-session -t =ccb-watched-\d+\n/);
});
