import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandEvent } from '@ccb/instance-interface';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Sandbox } from './testing/sandbox.ts';
import { Transcript } from './testing/transcript.ts';

const CONTAINMENT =
  'ccb: warning: claude is not contained: it can reach whatever you can. --backend docker contains it.';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
  sandbox.installClaude();
});
afterEach(async () => {
  try {
    await sandbox.endInstances();
    await sandbox.whenEmpty();
  } finally {
    sandbox.remove();
  }
});

/** stderr without the two lines that every new instance begins with. */
function complaints(stderr: string): readonly string[] {
  return stderr.trimEnd().split('\n').slice(2);
}

function starts(): readonly string[] {
  return readFileSync(sandbox.claudeStarts, 'utf8').trimEnd().split('\n');
}

describe('ccb run with claude', () => {
  test('takes it where it is installed, says so, and warns that it is not contained', async () => {
    const { exitCode, stdout, stderr } = await sandbox.ccb(['run', 'say: héllo  wörld']);
    expect([exitCode, String(stdout)]).toEqual([0, 'héllo  wörld']);
    const [first, ...more] = stderr.trimEnd().split('\n');
    expect(first).toMatch(/^ccb: claude \(process\) in .*\/work, instance run-[0-9a-f]{8}, gone at the end$/);
    expect(more).toEqual([CONTAINMENT]);
  });

  test('writes a long answer exactly', async () => {
    const { stdout } = await sandbox.ccb(['run', 'lines: 2000']);
    expect(String(stdout)).toBe(Array.from({ length: 2000 }, (_, index) => `${index + 1}\n`).join(''));
  });

  test.each([
    ['error: 400', '', /^ccb: API Error: 400 .* \(CCB_MODEL_ERROR\)$/],
    ['refuse', 'no', /^ccb: API Error: Claude Code is unable to respond .* \(CCB_MODEL_ERROR\)$/],
    ['max', 'too lo', /^ccb: API Error: .* output token maximum.* \(CCB_MODEL_ERROR\)$/],
  ])('%s: 1, the answer so far on stdout, one line with the reason on stderr', async (prompt, answer, reason) => {
    const { exitCode, stdout, stderr } = await sandbox.ccb(['run', prompt]);
    expect([exitCode, String(stdout)]).toEqual([1, answer]);
    expect(complaints(stderr)).toEqual([expect.stringMatching(reason)]);
  });

  test('that dies has failed: 1, and what came of the answer stays', async () => {
    const { exitCode, stdout, stderr } = await sandbox.ccb(['run', 'fault: dies-mid-text say: hello']);
    expect([exitCode, String(stdout)]).toEqual([1, expect.stringMatching(/^h/)]);
    expect('hello').toContain(String(stdout));
    expect(complaints(stderr)).toEqual([
      expect.stringMatching(/^ccb: claude was ended by SIGKILL .* \(CCB_PROGRAM_EXITED\)$/),
    ]);
  });

  test('tells of each attempt that it makes again', async () => {
    const { exitCode, stdout, stderr } = await sandbox.ccb(['run', 'error: 529 once']);
    expect([exitCode, String(stdout)]).toEqual([0, 'recovered']);
    expect(complaints(stderr)).toEqual([expect.stringMatching(/^ccb: warning: claude: attempt 1 of \d+ .*529\)$/)]);
  });

  test.each([
    ['what it may do is denied by default', [], 'denied', false],
    ['deny denies', ['--permission', 'deny'], 'denied', false],
    ['allow allows', ['--permission', 'allow'], 'allowed', true],
  ])('from a pipe %s', async (_, options, answer, done) => {
    const { exitCode, stdout } = await sandbox.ccb(['run', ...options, 'ask']);
    expect([exitCode, String(stdout)]).toEqual([0, answer]);
    expect(existsSync(join(sandbox.workspace, 'ccb-asked'))).toBe(done);
  });

  test('shows nothing of its progress where nobody watches', async () => {
    const { stdout, stderr } = await sandbox.ccb(['run', '--permission', 'allow', 'bash: sleep 1.2; echo done']);
    expect(String(stdout)).toBe('tool said: done');
    expect(complaints(stderr)).toEqual([]);
  });

  test('ends a command at --timeout: 124', async () => {
    const { exitCode, stdout, stderr } = await sandbox.ccb(['run', '--timeout', '1s', 'hang']);
    expect([exitCode, String(stdout)]).toEqual([124, 'begun\n']);
    expect(complaints(stderr)).toEqual([
      'ccb: The command was ended after 1s. Give it longer with --timeout. (CCB_TIMEOUT)',
    ]);
  });

  test('SIGINT ends the command and the instance: 130', async () => {
    const { child, finished } = sandbox.start(['run', '-q', 'hang']);
    await new Transcript(child.stdout).until('begun\n');
    child.kill('SIGINT');
    expect(await finished).toMatchObject({ exitCode: 130, stderr: '' });
  });

  test('hands it its arguments', async () => {
    const args = ['--program-arg', '--model', '--program-arg', 'x'];
    expect((await sandbox.ccb(['run', ...args, 'say: hello'])).exitCode).toBe(0);
    expect(starts().at(-1)).toMatch(/ --model x$/);
  });

  test('with --env CLAUDE_CODE_EXECUTABLE takes that one', async () => {
    const env = `CLAUDE_CODE_EXECUTABLE=${join(sandbox.bin, 'claude')}`;
    const { exitCode, stdout } = await sandbox.ccb(['run', '--program', 'claude', '--env', env, 'say: hello'], {
      env: { PATH: '/usr/bin:/bin' },
    });
    expect([exitCode, String(stdout)]).toEqual([0, 'hello']);
  });
});

describe('claude that cannot work', () => {
  test('is not signed in: 1, and the three ways to sign in', async () => {
    const { exitCode, stdout, stderr } = await sandbox.ccb(['run', 'fault: not-signed-in say: hello']);
    expect([exitCode, String(stdout)]).toEqual([1, '']);
    expect(complaints(stderr)).toEqual([
      expect.stringMatching(/^ccb: Claude Code is not signed in .*\(CCB_SIGN_IN\)$/),
    ]);
    for (const way of [
      '--env ANTHROPIC_API_KEY',
      '--env CLAUDE_CODE_OAUTH_TOKEN (from "claude setup-token")',
      '--login person',
    ]) {
      expect(stderr).toContain(way);
    }
  });

  test('is not installed: 3, and what to do', async () => {
    const { exitCode, stdout, stderr } = await sandbox.ccb(['run', '--program', 'claude', 'say: hello'], {
      env: { PATH: '/usr/bin:/bin' },
    });
    expect([exitCode, String(stdout)]).toEqual([3, '']);
    expect(complaints(stderr)).toEqual([
      expect.stringMatching(/^ccb: Claude Code was not found on PATH .* Install it .* \(CCB_PROGRAM_NOT_FOUND\)$/),
    ]);
    expect(stderr).toContain('--env CLAUDE_CODE_EXECUTABLE=PATH');
  });

  test('does not come up: 3, and what it said', async () => {
    const env = ['--env', 'FAKE_CLAUDE_FAULTS=dies-at-start'];
    const { exitCode, stderr } = await sandbox.ccb(['run', ...env, 'say: hello']);
    expect(exitCode).toBe(3);
    expect(complaints(stderr)).toEqual([expect.stringContaining('the fake claude dies at its start')]);
  });

  test('stands still: a warning that says what was seen', async () => {
    await sandbox.make({ name: 'work', program: 'claude', workspace: sandbox.workspace, stall: { afterMs: 300 } });
    const { child, finished } = sandbox.start(['chat', 'work']);
    child.stdin.end('fault: freezes say: hello\n');
    const warning = await new Transcript(child.stderr).until(' is stopped\n');
    const [, pid] =
      /^ccb: warning: claude: silent for [\d.]+ s: its process \((\d+)\) is stopped$/m.exec(warning) ?? [];
    process.kill(Number(pid), 'SIGCONT');
    const { exitCode, stdout } = await finished;
    expect([exitCode, String(stdout)]).toEqual([0, 'hello\n']);
  });
});

describe('whose login claude uses', () => {
  test('is one of the instance by default, and yours with --login person', async () => {
    await sandbox.ccb(['run', '--keep', 'own', 'say: hello']);
    expect(starts().at(-1)).toMatch(/^login=.*\/instances\/own\/home\/\.claude /);
    await sandbox.ccb(['run', '--login', 'person', 'say: hello']);
    expect(starts().at(-1)).toMatch(/^login= /);
  });

  test('cannot be changed later: 2', async () => {
    await sandbox.ccb(['run', '--keep', 'work', '--login', 'person', 'say: hello']);
    const other = await sandbox.ccb(['chat', '--login', 'instance', 'work'], { input: 'say: hello\n' });
    expect(other.exitCode).toBe(2);
    expect(other.stderr).toContain('ccb: --login was person when "work" was created.');
    const same = await sandbox.ccb(['chat', '--login', 'person', 'work'], { input: 'say: hello\n' });
    expect([same.exitCode, String(same.stdout)]).toEqual([0, 'hello\n']);
  });

  test('is nothing to a shell: 2', async () => {
    const { exitCode, stderr } = await sandbox.ccb(['run', '--program', 'shell', '--login', 'person', 'true']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('ccb: --login means nothing to shell.')]);
  });
});

describe('the events of a turn as JSON', () => {
  async function events(prompt: string, ...options: readonly string[]): Promise<readonly CommandEvent[]> {
    const { stdout } = await sandbox.ccb(['run', '--json', ...options, prompt]);
    const lines = String(stdout).trimEnd().split('\n');
    const parsed = lines.map((line) => JSON.parse(line) as CommandEvent);
    expect(parsed.every(({ cursor, at }) => typeof cursor === 'string' && !Number.isNaN(Date.parse(at)))).toBe(true);
    expect(parsed.at(-1)).toMatchObject({ type: 'end', result: { success: true, status: 'completed' } });
    return parsed;
  }
  const types = (all: readonly CommandEvent[]): readonly string[] =>
    all.map(({ type }) => type).filter((type, index, list) => type !== list[index - 1]);

  test('of a thought', async () => {
    const all = await events('think: a deep one');
    expect(types(all)).toEqual(['thought', 'text', 'end']);
    expect(all.map((event) => (event.type === 'thought' ? event.text : '')).join('')).toBe('a deep one');
  });

  test('of a tool that needs a permission', async () => {
    const all = await events('ask', '--permission', 'allow');
    expect(types(all)).toEqual([
      'tool_call',
      'tool_call_update',
      'permission_request',
      'permission_resolved',
      'tool_call_update',
      'text',
      'end',
    ]);
    const [call, , request, resolved, done] = all;
    if (call?.type !== 'tool_call' || request?.type !== 'permission_request') throw new Error('another order');
    expect(call).toMatchObject({ kind: 'execute', status: 'pending' });
    expect(request.toolCall).toMatchObject({
      toolCallId: call.toolCallId,
      title: 'Bash: touch ccb-asked',
      rawInput: { command: 'touch ccb-asked' },
    });
    expect(resolved).toMatchObject({ requestId: request.requestId, optionId: 'allow_once', by: 'policy' });
    expect(done).toMatchObject({ toolCallId: call.toolCallId, status: 'completed' });
  });

  test('of a plan', async () => {
    const plans = (await events('plan')).filter((event) => event.type === 'plan');
    expect(plans.at(-1)?.entries).toEqual([
      { content: 'First step', status: 'completed' },
      { content: 'Second step', status: 'in_progress' },
      { content: 'Third step', status: 'pending' },
    ]);
  });
});
