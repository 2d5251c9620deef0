import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { HistoryEntry } from '@ccb/instance-interface';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Sandbox } from './testing/sandbox.ts';
import { Transcript } from './testing/transcript.ts';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const PROMPT = 'claude> ';
const QUESTION = 'Enter alone is no): ';

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

describe('a conversation', () => {
  test('goes on after an interrupt', async () => {
    const { child, finished } = sandbox.start(['chat', '-q']);
    child.stdin.write('say: one\nhang\n');
    await new Transcript(child.stdout).until('begun\n');
    child.kill('SIGINT');
    child.stdin.end('recall\n');
    const { exitCode, stdout } = await finished;
    expect(exitCode).toBe(1);
    expect(String(stdout)).toBe('one\nbegun\nsay: one\nhang\n');
  });

  test('that was kept is remembered', async () => {
    await sandbox.ccb(['run', '--keep', 'work', 'say: one']);
    const { exitCode, stdout, stderr } = await sandbox.ccb(['chat', 'work'], { input: 'say: two\nrecall\n' });
    expect([exitCode, String(stdout)]).toEqual([0, 'two\nsay: one\nsay: two\n']);
    expect(stderr).toMatch(/^ccb: claude \(process\) in .*\/work, instance work\n$/);
  });

  test('outlives a ccb that is killed in the middle of a turn, which is journaled to its end', async () => {
    const { child, finished } = sandbox.start(['run', '--keep', 'work', 'slow: 20']);
    await new Transcript(child.stdout).until('w3 ');
    child.kill('SIGKILL');
    await finished;
    const { exitCode, stdout } = await sandbox.ccb(['chat', 'work'], { input: 'recall\n' });
    expect([exitCode, String(stdout)]).toEqual([0, 'slow: 20\n']);
    const entries = await sandbox.observe('work', async (instance) => {
      const all: HistoryEntry[] = [];
      for await (const entry of instance.history()) all.push(entry);
      return all;
    });
    const interrupted = entries.filter(({ commandId }) => commandId === entries[0]?.commandId);
    expect(interrupted[0]).toMatchObject({ type: 'command', text: 'slow: 20' });
    const text = interrupted.map((entry) => (entry.type === 'text' ? entry.text : '')).join('');
    expect(text.trimEnd()).toBe(Array.from({ length: 20 }, (_, index) => `w${index}`).join(' '));
    expect(interrupted.at(-1)).toMatchObject({ type: 'end', result: { success: true } });
  });
});

describe('on a terminal', () => {
  test('the person is asked: what for, with which input, and answers by a word', async () => {
    const { child, finished } = sandbox.terminal('chat');
    const screen = new Transcript(child.stdout);
    const asked = join(sandbox.workspace, 'ccb-asked');
    await screen.until(PROMPT);

    child.stdin.write('ask\r');
    const question = await screen.until(QUESTION);
    expect(question).toContain('The program asks to use: Bash: touch ccb-asked\r\n');
    expect(question).toContain('{"command":"touch ccb-asked"');
    expect(question).toContain('  1) Allow\r\n  2) Allow Bash(touch ccb-asked *) in this session\r\n  3) Deny\r\n');
    child.stdin.write('n\r');
    await screen.until('denied\r\n');
    expect(existsSync(asked)).toBe(false);
    await screen.until(PROMPT);

    child.stdin.write('ask\r');
    await screen.until(QUESTION);
    child.stdin.write('y\r');
    await screen.until('allowed\r\n');
    expect(existsSync(asked)).toBe(true);
    await screen.until(PROMPT);

    rmSync(asked);
    child.stdin.write('ask\r');
    await screen.until(QUESTION);
    child.stdin.write('always\r');
    await screen.until('allowed\r\n');
    await screen.until(PROMPT);

    child.stdin.write('ask\r');
    expect(await screen.until('allowed\r\n')).not.toContain('asks to use');
    await screen.until(PROMPT);
    child.stdin.write(CTRL_D);
    expect((await finished).exitCode).toBe(0);
  });

  test('Ctrl-C at a question interrupts the command, and the conversation goes on', async () => {
    const { child, finished } = sandbox.terminal('chat');
    const screen = new Transcript(child.stdout);
    await screen.until(PROMPT);
    child.stdin.write('ask\r');
    await screen.until(QUESTION);
    child.stdin.write(CTRL_C);
    await screen.until('interrupted');
    await screen.until(PROMPT);
    expect(existsSync(join(sandbox.workspace, 'ccb-asked'))).toBe(false);
    child.stdin.write('recall\r');
    await screen.until('\nask\r\n');
    await screen.until(PROMPT);
    child.stdin.write(CTRL_D);
    expect((await finished).exitCode).toBe(0);
  });

  test('Ctrl-C while it answers interrupts the command, and the conversation goes on', async () => {
    const { child, finished } = sandbox.terminal('chat');
    const screen = new Transcript(child.stdout);
    await screen.until(PROMPT);
    child.stdin.write('hang\r');
    await screen.until('begun\r\n');
    child.stdin.write(CTRL_C);
    await screen.until('interrupted');
    await screen.until(PROMPT);
    child.stdin.write('say: after\r');
    await screen.until('\nafter\r\n');
    await screen.until(PROMPT);
    child.stdin.write(CTRL_D);
    expect((await finished).exitCode).toBe(0);
  });

  test('ccb run asks too', async () => {
    const { child, finished } = sandbox.terminal('run ask');
    const screen = new Transcript(child.stdout);
    await screen.until(QUESTION);
    child.stdin.write('1\r');
    await screen.until('allowed\r\n');
    expect((await finished).exitCode).toBe(0);
  });

  test('the tool at work stands in the status line, and not on stdout', async () => {
    const { child, finished } = sandbox.terminal("run --permission allow 'bash: sleep 1.5; echo done' > answer");
    await new Transcript(child.stdout).until('1s claude uses Bash: sleep 1.5; echo done');
    expect((await finished).exitCode).toBe(0);
    expect(String((await sandbox.shell('cat answer')).stdout)).toBe('tool said: done');
  });
});
