import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClaudeProcess, type Message, Place, waitForFile, waitUntilStopped } from './testing/claude-process.ts';

const isResult = ({ type }: Message): boolean => type === 'result';
const isDelta = (message: Message): boolean => message.event?.delta?.type === 'text_delta';

let place: Place;
beforeEach(() => {
  place = new Place();
});
afterEach(() => place[Symbol.dispose]());

function start(env: string, args?: readonly string[]): ClaudeProcess {
  return new ClaudeProcess({ place, env: { FAKE_CLAUDE_FAULTS: env }, ...(args === undefined ? {} : { args }) });
}

describe('the fault', () => {
  it('no-result: all but the result comes, and the next prompt is answered', async () => {
    await using claude = start('');
    claude.prompt('fault: no-result say: text');
    await claude.until(({ event }) => event?.type === 'message_stop');
    expect(await claude.ask('say: next')).toMatchObject({ result: 'next' });
    expect(claude.messages.filter(isResult)).toHaveLength(1);
  });

  it('duplicate-result: it comes twice', async () => {
    await using claude = start('');
    claude.prompt('fault: duplicate-result say: text');
    await claude.when(() => claude.messages.filter(isResult).length === 2);
  });

  it('result-without-text: the result alone carries the text', async () => {
    await using claude = start('');
    expect(await claude.ask('fault: result-without-text say: text')).toMatchObject({ result: 'text' });
    expect(claude.messages.map(({ type, subtype }: Message) => subtype ?? type)).toEqual(['init', 'status', 'success']);
  });

  it('late-chunk: a delta comes after the result', async () => {
    await using claude = start('');
    await claude.ask('fault: late-chunk say: text');
    await claude.until(({ event }) => event?.delta?.text === 'late');
    expect(claude.text()).toBe('textlate');
  });

  it('garbage: what is no message stands between the messages', async () => {
    await using claude = start('');
    expect(await claude.ask('fault: garbage say: some text')).toMatchObject({ result: 'some text' });
    expect(claude.text()).toBe('some text');
    expect(claude.messages.filter(({ type }: Message) => type === 'not a message').length).toBeGreaterThan(3);
    expect(claude.stdout.length).toBeGreaterThan(1024 * 1024);
  });

  it('split-writes: the bytes are the same', async () => {
    await using claude = start('split-writes');
    const text = '漢字 🎉 é\n'.repeat(50);
    expect(await claude.ask(`say: ${text}`)).toMatchObject({ result: text });
    expect(claude.text()).toBe(text);
  });

  it('stderr-noise: stdout is as ever', async () => {
    await using claude = start('stderr-noise');
    expect(await claude.ask('say: text')).toMatchObject({ result: 'text' });
    expect(claude.stderr).toContain('command not found');
  });

  it('dies-mid-text', async () => {
    await using claude = start('');
    claude.prompt('fault: dies-mid-text lines: 10');
    expect(await claude.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await claude.when(() => claude.stdoutEnded);
    expect(claude.text()).toMatch(/^1\n/);
    expect(claude.text()).not.toContain('10');
  });

  it('dies-mid-tool: the command goes on', async () => {
    await using claude = start('', ['--permission-mode', 'bypassPermissions']);
    const file = join(place.cwd, 'pid');
    claude.prompt(`fault: dies-mid-tool bash: sh -c 'echo $$ > ${file}.new; mv ${file}.new ${file}; exec sleep 300'`);
    expect(await claude.exited).toEqual({ code: null, signal: 'SIGKILL' });
    const pid = Number(waitForFile(file));
    expect(process.kill(pid, 'SIGKILL')).toBe(true);
  });

  it('freezes: it is stopped, and goes on when it may', async () => {
    await using claude = start('');
    claude.prompt('fault: freezes say: some text');
    await claude.until(isDelta);
    waitUntilStopped(claude.child.pid as number);
    expect(claude.messages.some(isResult)).toBe(false);
    claude.child.kill('SIGCONT');
    expect(await claude.until(isResult)).toMatchObject({ result: 'some text' });
  });

  it('closes-stdout: the process stays', async () => {
    await using claude = start('');
    claude.prompt('fault: closes-stdout lines: 10');
    await claude.when(() => claude.stdoutEnded);
    expect(claude.child.exitCode).toBeNull();
    expect(claude.messages.some(isResult)).toBe(false);
    claude.child.stdin?.end();
    await claude.exited;
  });

  it('exits-after-result', async () => {
    await using claude = start('');
    expect(await claude.ask('fault: exits-after-result say: text')).toMatchObject({ result: 'text' });
    expect(await claude.exited).toEqual({ code: 0, signal: null });
  });

  it('hangs-on-exit: neither the end of stdin nor SIGTERM ends it', async () => {
    await using claude = start('');
    expect(await claude.ask('fault: hangs-on-exit say: text')).toMatchObject({ result: 'text' });
    claude.child.stdin?.end();
    claude.child.kill('SIGTERM');
    const ended = await Promise.race([claude.exited, new Promise((resolve) => setTimeout(resolve, 500, 'stays'))]);
    expect(ended).toBe('stays');
  });

  it('not-signed-in and invalid-api-key', async () => {
    await using claude = start('');
    expect(await claude.ask('fault: not-signed-in say: text')).toMatchObject({
      is_error: true,
      result: 'Not logged in · Please run /login',
    });
    expect(await claude.ask('fault: invalid-api-key say: text')).toMatchObject({
      is_error: true,
      result: 'Invalid API key · Fix external API key',
    });
    expect(claude.text()).toBe('');
  });

  it('no-initialize: everything else is answered', async () => {
    await using claude = start('no-initialize');
    claude.send({ type: 'control_request', request_id: 'init', request: { subtype: 'initialize' } });
    expect(await claude.ask('say: text')).toMatchObject({ result: 'text' });
    expect(claude.messages.some(({ type }: Message) => type === 'control_response')).toBe(false);
  });

  it('slow-start', async () => {
    const from = performance.now();
    await using claude = start('slow-start');
    expect(await claude.ask('say: text')).toMatchObject({ result: 'text' });
    expect(performance.now() - from).toBeGreaterThan(1_900);
  });

  it('dies-at-start', async () => {
    await using claude = start('dies-at-start');
    expect(await claude.exited).toEqual({ code: 1, signal: null });
    await claude.when(() => claude.stderr.includes('dies at its start'));
  });

  it('session-lost: a conversation that is there is not found', async () => {
    const { session_id } = await (async () => {
      await using claude = start('');
      return await claude.ask('say: text');
    })();
    await using claude = start('session-lost', ['--resume', session_id]);
    expect(await claude.exited).toEqual({ code: 1, signal: null });
    await claude.when(() => claude.stderr.includes(`No conversation found with session ID: ${session_id}`));
  });

  it('that does not exist ends the process with the names of those that do', async () => {
    await using claude = start('nonsense');
    expect((await claude.exited).code).toBe(1);
    await claude.when(() => claude.stderr.includes('"nonsense" is no fault'));
  });
});
