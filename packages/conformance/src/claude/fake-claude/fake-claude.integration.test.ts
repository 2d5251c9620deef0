import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeClaudeFile } from '../../claude-files.ts';
import { writtenText } from '../prompt.ts';
import { ClaudeProcess, type Message, Place, waitForFile } from './testing/claude-process.ts';

const allow = (question: Message): object => ({ behavior: 'allow', updatedInput: question.request.input });
const isQuestion = (message: Message): boolean => message.request?.subtype === 'can_use_tool';
const isDelta = (message: Message): boolean => message.event?.delta?.type === 'text_delta';

let place: Place;
beforeEach(() => {
  place = new Place();
});
afterEach(() => place[Symbol.dispose]());

describe('the fake claude', () => {
  it('says its version', () => {
    const { stdout, status } = spawnSync(fileURLToPath(fakeClaudeFile), ['--version'], {
      encoding: 'utf8',
      timeout: 10_000,
    });
    expect({ stdout, status }).toEqual({ stdout: '2.1.197 (Claude Code)\n', status: 0 });
  });

  it('prints nothing before the first input, answers initialize, and leaves at the end of stdin', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.send({ type: 'control_request', request_id: 'first', request: { subtype: 'initialize' } });
    const answer = await claude.until(() => true);
    expect(answer).toMatchObject({ type: 'control_response', response: { subtype: 'success', request_id: 'first' } });
    expect(answer.response.response.pid).toBe(claude.child.pid);
    claude.child.stdin?.end();
    expect(await claude.exited).toEqual({ code: 0, signal: null });
    expect(claude.messages).toHaveLength(1);
  });

  it('streams an answer in the order of the real one', async () => {
    await using claude = new ClaudeProcess({ place });
    const text = 'one\nzwei é 漢字 🎉';
    const result = await claude.ask(`say: ${text}`);
    const kinds = claude.messages.map(({ type, subtype, event }: Message) => subtype ?? event?.type ?? type);
    expect(kinds.filter((kind, i) => kind !== kinds[i - 1])).toEqual([
      'init',
      'status',
      'message_start',
      'content_block_start',
      'content_block_delta',
      'assistant',
      'content_block_stop',
      'message_delta',
      'message_stop',
      'success',
    ]);
    expect(claude.text()).toBe(text);
    expect(claude.messages.filter(isDelta).length).toBeGreaterThan(1);
    expect(result).toMatchObject({
      is_error: false,
      result: text,
      stop_reason: 'end_turn',
      terminal_reason: 'completed',
      num_turns: 1,
      permission_denials: [],
    });
    const [init] = claude.messages;
    expect(init).toMatchObject({ cwd: place.cwd, claude_code_version: '2.1.197', session_id: result.session_id });
  });

  it.each([
    ['lines: 12', '1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n'],
    ['slow: 2', 'w0 w1 '],
    ['big: 300000', 'x'.repeat(300_000)],
    ['think: hm hm', 'thought'],
    ['plan', 'planned'],
    ['bash: echo out; echo err >&2', 'tool said: out\nerr'],
    ['bash: false', 'tool failed: Exit code 1'],
    ['error: 529 once', 'recovered'],
    ['what is this', 'echo: what is this'],
    [' /clear', 'echo:  /clear'],
    ['/srv/x is a path', 'echo: /srv/x is a path'],
  ])('obeys `%s`', async (prompt, answer) => {
    await using claude = new ClaudeProcess({ place });
    expect(await claude.ask(prompt)).toMatchObject({ type: 'result', is_error: false, result: answer });
    expect(claude.text()).toBe(answer);
  });

  it.each([
    ['error: 400', { result: 'API Error: 400 The prompt asked for this error.', api_error_status: 400 }, 0],
    ['error: 401', { api_error_status: 401 }, 2],
    ['error: 429', { api_error_status: 429 }, 2],
    ['error: 500', { api_error_status: 500 }, 2],
    ['cut', { result: 'API Error: Unable to connect to API (ECONNRESET)', api_error_status: null }, 2],
    ['refuse', { stop_reason: 'refusal' }, 0],
    ['max', { stop_reason: 'stop_sequence' }, 0],
  ])('fails on `%s`', async (prompt, expected, retries) => {
    await using claude = new ClaudeProcess({ place });
    expect(await claude.ask(prompt)).toMatchObject({ subtype: 'success', is_error: true, ...expected });
    expect(claude.messages.filter(({ subtype }: Message) => subtype === 'api_retry')).toHaveLength(retries);
    claude.child.stdin?.end();
    expect(await claude.exited).toEqual({ code: 1, signal: null });
  });

  it('makes its plan by whichever tools there are', async () => {
    await using claude = new ClaudeProcess({ place, env: { CLAUDE_CODE_ENABLE_TASKS: '0' } });
    expect(await claude.ask('plan')).toMatchObject({ result: 'planned' });
    const uses = claude.messages.flatMap(({ type, message }: Message) => (type === 'assistant' ? message.content : []));
    expect(uses[0]).toMatchObject({ type: 'tool_use', name: 'TodoWrite' });
  });

  it('remembers, and forgets at /clear, which changes the session', async () => {
    await using claude = new ClaudeProcess({ place });
    const first = await claude.ask('say: a');
    expect(await claude.ask('recall')).toMatchObject({ result: 'say: a\n' });
    const cleared = await claude.ask('/clear');
    expect(cleared).toMatchObject({ result: '', num_turns: 0 });
    expect(cleared.session_id).not.toBe(first.session_id);
    expect(await claude.ask('recall')).toMatchObject({ result: '' });
    expect(await claude.ask('/nosuch thing')).toMatchObject({ result: 'Unknown command: /nosuch', is_error: false });
  });
});

describe('permissions', () => {
  it('asks before it touches a file, and heeds the answer', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.prompt('ask');
    const question = await claude.until(isQuestion);
    expect(question.request).toMatchObject({ tool_name: 'Bash', input: { command: 'touch ccb-asked' } });
    expect(existsSync(join(place.cwd, 'ccb-asked'))).toBe(false);
    await claude.answer(allow(question));
    expect(await claude.until(({ type }) => type === 'result')).toMatchObject({ result: 'allowed' });
    expect(existsSync(join(place.cwd, 'ccb-asked'))).toBe(true);

    const from = claude.messages.length;
    claude.prompt('ask');
    await claude.answer({ behavior: 'deny', message: 'not today' }, from);
    const result = await claude.until(({ type }) => type === 'result', from);
    expect(result).toMatchObject({ result: 'denied', is_error: false, permission_denials: [{ tool_name: 'Bash' }] });
  });

  it('writes once it may, with the changed input', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.prompt('write: a.txt');
    const elsewhere = join(place.cwd, 'b.txt');
    await claude.answer({ behavior: 'allow', updatedInput: { file_path: elsewhere, content: writtenText } });
    expect((await claude.until(({ type }) => type === 'result')).result).toContain(
      `created successfully at: ${elsewhere}`,
    );
    expect(readFileSync(elsewhere, 'utf8')).toBe(writtenText);
  });

  it('denies where nobody can be asked', async () => {
    await using claude = new ClaudeProcess({ place, args: [] });
    expect(await claude.ask('ask')).toMatchObject({ result: 'denied', permission_denials: [{ tool_name: 'Bash' }] });
    expect(existsSync(join(place.cwd, 'ccb-asked'))).toBe(false);
  });

  it.each([
    [['--permission-mode', 'acceptEdits'], {}],
    [['--permission-mode', 'bypassPermissions'], {}],
    [['--dangerously-skip-permissions'], { IS_SANDBOX: '1' }],
  ])('asks nobody with %j', async (args, env) => {
    await using claude = new ClaudeProcess({ place, args, env });
    expect(await claude.ask('ask')).toMatchObject({ result: 'allowed' });
  });

  it.skipIf(process.getuid?.() !== 0)('does not skip permissions for root outside a sandbox', async () => {
    await using claude = new ClaudeProcess({ place, args: ['--dangerously-skip-permissions'] });
    expect(await claude.exited).toEqual({ code: 1, signal: null });
    await claude.when(() => claude.stderr.includes('cannot be used with root/sudo privileges'));
  });

  it('tells a use that nobody can answer any more as failed', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.prompt('ask');
    await claude.until(isQuestion);
    claude.child.stdin?.end();
    expect(await claude.until(({ type }) => type === 'result')).toMatchObject({ result: 'denied' });
    expect(await claude.exited).toEqual({ code: 0, signal: null });
  });
});

describe('tools', () => {
  it('run in a process group of their own, with the whole environment', async () => {
    await using claude = new ClaudeProcess({
      place,
      args: ['--permission-mode', 'bypassPermissions'],
      env: { CCB_INSTANCE: 'one' },
    });
    const { result } = await claude.ask('bash: echo $CCB_INSTANCE $CLAUDECODE $$; ps -o pgid= -p $$');
    const [marks, group] = result.replace('tool said: ', '').split('\n');
    expect(marks).toBe(`one 1 ${group.trim()}`);
  });

  it('are over when the command is, whatever it left in the background', async () => {
    await using claude = new ClaudeProcess({ place, args: ['--permission-mode', 'bypassPermissions'] });
    const { result } = await claude.ask('bash: sleep 300 & echo $!');
    const pid = Number(result.replace('tool said: ', ''));
    expect(process.kill(pid, 'SIGKILL')).toBe(true);
  });
});

describe('sessions', () => {
  it('are resumed with their history, from their own directory alone', async () => {
    const id = randomUUID();
    {
      await using claude = new ClaudeProcess({ place, args: ['--session-id', id] });
      expect(await claude.ask('say: a')).toMatchObject({ session_id: id });
      claude.prompt('hang');
      await claude.until(({ event }) => event?.delta?.text === 'begun\n');
      claude.child.kill('SIGKILL');
      await claude.exited;
    }
    {
      await using claude = new ClaudeProcess({ place, args: ['--resume', id] });
      expect(await claude.ask('recall')).toMatchObject({ session_id: id, result: 'say: a\nhang\n' });
    }
    await using taken = new ClaudeProcess({ place, args: ['--session-id', id] });
    expect((await taken.exited).code).toBe(1);
    await taken.when(() => taken.stderr.includes(`Session ID ${id} is already in use.`));
    await using elsewhere = new ClaudeProcess({ place, args: ['--resume', id], cwd: place.directory('elsewhere') });
    expect((await elsewhere.exited).code).toBe(1);
    await elsewhere.when(() => elsewhere.stderr.includes(`No conversation found with session ID: ${id}`));
    expect(await elsewhere.until(({ type }) => type === 'result')).toMatchObject({ subtype: 'error_during_execution' });
  });

  it('lie where the real one puts them', async () => {
    await using claude = new ClaudeProcess({ place });
    const { session_id } = await claude.ask('bash: echo hi');
    const project = place.cwd.replace(/[^a-zA-Z0-9]/g, '-');
    const lines = readFileSync(join(place.home, '.claude/projects', project, `${session_id}.jsonl`), 'utf8')
      .trim()
      .split('\n')
      .map((line): Message => JSON.parse(line));
    const entries = lines.filter(({ uuid }) => uuid !== undefined);
    expect(entries.map(({ type, message }) => [type, message.stop_reason])).toEqual([
      ['user', undefined],
      ['assistant', 'tool_use'],
      ['user', undefined],
      ['assistant', 'end_turn'],
    ]);
    expect(entries.map(({ parentUuid }) => parentUuid)).toEqual([
      null,
      ...entries.slice(0, -1).map(({ uuid }) => uuid),
    ]);
  });
});

describe('stdin', () => {
  it.each([
    ['{nope', 'Error parsing streaming input line: {nope'],
    ['null', 'Error parsing streaming input line: null'],
    ['{"type":"user"}', "evaluating 't.message.role'"],
    ['{"type":"user","message":{"role":"assistant","content":"x"}}', "Expected message role 'user'"],
  ])('kills it by `%s`', async (line, message) => {
    await using claude = new ClaudeProcess({ place });
    claude.child.stdin?.write(`${line}\n`);
    expect(await claude.exited).toEqual({ code: 1, signal: null });
    await claude.when(() => claude.stderr.includes(message));
  });

  it('may hold what it does not know', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.child.stdin?.write('\n{}\n5\n"text"\n{"type":"from_a_later_version"}\n');
    claude.send({ type: 'control_request', request_id: 'odd', request: { subtype: 'odd' } });
    const answer = await claude.until(() => true);
    expect(answer.response).toEqual({
      subtype: 'error',
      request_id: 'odd',
      error: 'Unsupported control request subtype: odd',
    });
    expect(await claude.ask('say: still here')).toMatchObject({ result: 'still here' });
  });

  it('has its messages merged while a turn runs', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.prompt('slow: 3');
    await claude.until(isDelta);
    claude.prompt('first');
    claude.prompt('second');
    const results = (): Message[] => claude.messages.filter(({ type }: Message) => type === 'result');
    await claude.when(() => results().length === 2);
    expect(results().map(({ result }) => result)).toEqual(['w0 w1 w2 ', 'echo: first\nsecond']);
  });

  it('has its messages folded into a turn that uses a tool', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.prompt('bash: sleep 0.3; echo hi');
    await claude.until(({ event }) => event?.type === 'message_stop');
    claude.prompt('folded');
    await claude.until(({ type }) => type === 'result');
    expect(await claude.ask('recall')).toMatchObject({ result: 'bash: sleep 0.3; echo hi\nfolded\n' });
    expect(claude.messages.filter(({ type }: Message) => type === 'result')).toHaveLength(2);
  });

  it('may end while a turn runs, which ends first', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.prompt('slow: 3');
    claude.child.stdin?.end();
    expect(await claude.exited).toEqual({ code: 0, signal: null });
    await claude.when(() => claude.stdoutEnded);
    expect(claude.messages.at(-1)).toMatchObject({ type: 'result', result: 'w0 w1 w2 ' });
  });
});

describe('signals', () => {
  it('SIGTERM ends it with 143 and leaves its tools', async () => {
    await using claude = new ClaudeProcess({ place, args: ['--permission-mode', 'bypassPermissions'] });
    const file = join(place.cwd, 'pid');
    claude.prompt(`bash: echo $$ > ${file}; echo started; exec sleep 300`);
    await claude.until(({ event }) => event?.type === 'message_stop');
    const pid = Number(waitForFile(file));
    claude.child.kill('SIGTERM');
    expect(await claude.exited).toEqual({ code: 143, signal: null });
    expect(process.kill(pid, 'SIGKILL')).toBe(true);
  });

  it('SIGINT interrupts the turn, then ends it', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.prompt('hang');
    await claude.until(isDelta);
    claude.child.kill('SIGINT');
    expect((await claude.until(({ type }) => type === 'result')).terminal_reason).toBe('aborted_streaming');
    await claude.exited;
  });
});
