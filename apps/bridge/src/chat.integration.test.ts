import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Sandbox } from './testing/sandbox.ts';
import { Transcript } from './testing/transcript.ts';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const PROMPT = 'shell> ';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(async () => {
  try {
    await sandbox.whenEmpty();
  } finally {
    sandbox.remove();
  }
});

describe('ccb chat from a pipe', () => {
  test('runs a command a line, ends each answer with a newline, and goes on after a failure', async () => {
    const input = 'cd /tmp\npwd\nprintf "a\\n\\nb"\n(exit 3)\n';
    const { exitCode, stdout } = await sandbox.ccb(['chat', '--program', 'shell', '--quiet'], { input });
    expect([exitCode, String(stdout)]).toEqual([1, '/tmp\na\n\nb\n']);
  });

  test('skips blank lines, needs no newline at the end, and is content when all went well', async () => {
    const { exitCode, stdout } = await sandbox.ccb(['chat', '-q'], { input: 'x=1\n\n  \r\necho $x' });
    expect([exitCode, String(stdout)]).toEqual([0, '1\n']);
  });

  test('passes on the code of the last command that failed', async () => {
    const input = '(exit 3)\n(exit 4)\ntrue\n';
    expect((await sandbox.ccb(['chat', '-q', '--pass-exit-code'], { input })).exitCode).toBe(4);
  });

  test('SIGINT interrupts the running command, and the next one runs', async () => {
    const { child, finished } = sandbox.start(['chat', '-q', '--program', 'shell']);
    child.stdin.write('x=kept; echo up; sleep 100\n');
    await new Transcript(child.stdout).until('up\n');
    child.kill('SIGINT');
    child.stdin.end('echo $x\n');
    const { exitCode, stdout } = await finished;
    expect([exitCode, String(stdout)]).toEqual([1, 'up\nkept\n']);
  });

  test('SIGINT leaves where no command runs', async () => {
    const { child, finished } = sandbox.start(['chat', '--program', 'shell']);
    await new Transcript(child.stderr).until('gone at the end\n');
    child.kill('SIGINT');
    expect((await finished).exitCode).toBe(130);
  });
});

describe('ccb chat NAME', () => {
  afterEach(() => sandbox.endInstances());

  test('continues what ccb run --keep began', async () => {
    expect((await sandbox.ccb(['run', '--program', 'shell', '--keep', 'work', 'x=kept'])).exitCode).toBe(0);
    const { exitCode, stdout, stderr } = await sandbox.ccb(['chat', 'work'], { input: 'echo $x\n' });
    expect([exitCode, String(stdout)]).toEqual([0, 'kept\n']);
    expect(stderr).toMatch(/^ccb: shell \(process\) in .*, instance work\n$/);
    const taken = await sandbox.ccb(['run', '--program', 'shell', '--keep', 'work', 'true']);
    expect(taken.exitCode).toBe(3);
    expect(taken.stderr).toContain(
      'Talk to it with "ccb chat work", remove it with "ccb rm work", or choose another name.',
    );
  });

  test('detaches on SIGTERM: the command goes on', async () => {
    await sandbox.ccb(['run', '--program', 'shell', '--keep', 'work', 'true']);
    const marker = join(sandbox.workspace, 'marker');
    const { child, finished } = sandbox.start(['chat', '-q', 'work']);
    child.stdin.write(`mkfifo '${marker}'; echo up; cat '${marker}'; echo "$?" >> '${marker}.done'\n`);
    await new Transcript(child.stdout).until('up\n');
    child.kill('SIGTERM');
    expect((await finished).exitCode).toBe(143);
    await sandbox.shell(`echo go > '${marker}'`);
    await vi.waitFor(() => expect(readFileSync(`${marker}.done`, 'utf8')).toBe('0\n'), { timeout: 10_000 });
  });

  test('refuses a second holder', async () => {
    const { child, finished } = sandbox.start([
      'run',
      '--program',
      'shell',
      '--keep',
      'work',
      '--',
      'echo up; read x < /dev/zero; sleep 100',
    ]);
    await new Transcript(child.stdout).until('up\n');
    const second = await sandbox.ccb(['chat', 'work'], { input: 'true\n' });
    expect(second.exitCode).toBe(3);
    expect(second.stderr).toContain('(CCB_LOCKED)');
    child.kill('SIGINT');
    expect((await finished).exitCode).toBe(130);
  });
});

describe('ccb chat on a terminal', () => {
  test('Ctrl-C interrupts the command and keeps the shell', async () => {
    const { child, finished } = sandbox.terminal('chat --program shell');
    const screen = new Transcript(child.stdout);
    await screen.until(PROMPT);
    child.stdin.write('x=kept\r');
    await screen.until(PROMPT);
    child.stdin.write('echo u""p; sleep 100\r');
    await screen.until('\nup\r\n');
    child.stdin.write(CTRL_C);
    await screen.until('interrupted');
    await screen.until(PROMPT);
    child.stdin.write('printf "<$x>"\r');
    await screen.until('<kept>\r\n');
    await screen.until(PROMPT);
    child.stdin.write(CTRL_D);
    expect((await finished).exitCode).toBe(0);
    expect(readFileSync(join(sandbox.home, 'chat_history'), 'utf8')).toBe(
      'x=kept\necho u""p; sleep 100\nprintf "<$x>"\n',
    );
  });

  test('keeps stdout for the answers', async () => {
    const { child, finished } = sandbox.terminal('chat --program shell > answers');
    const screen = new Transcript(child.stdout);
    await screen.until(PROMPT);
    child.stdin.write('printf answer\r');
    await screen.until(PROMPT);
    child.stdin.write(`${CTRL_C}${CTRL_C}`);
    expect((await finished).exitCode).toBe(0);
    expect(readFileSync(join(sandbox.workspace, 'answers'), 'utf8')).toBe('answer\n');
  });

  test('is what ccb does without a verb', async () => {
    const { child, finished } = sandbox.terminal('');
    const screen = new Transcript(child.stdout);
    await screen.until(PROMPT);
    child.stdin.write(CTRL_D);
    expect((await finished).exitCode).toBe(0);
  });

  test('shows what it waits for, and erases it before the answer', async () => {
    const { child, finished } = sandbox.terminal("run --program shell -- 'sleep 1.5; echo done'");
    const screen = new Transcript(child.stdout);
    await screen.until('1s waiting for shell');
    expect(await screen.until('done\r\n')).toBe('\r\u001b[Kdone\r\n');
    expect((await finished).exitCode).toBe(0);
  });
});
