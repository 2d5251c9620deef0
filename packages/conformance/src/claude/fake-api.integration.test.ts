import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fakeApiEnvironment } from './fake-api/environment.ts';
import { type IsolatedApi, startIsolatedApi } from './isolated.ts';
import { writtenText } from './prompt.ts';
import { type Line, Session } from './testing/session.ts';

/** CCB_CLAUDE: the path of a real Claude Code, as `node scripts/claude-code.mjs 2.1.197` prints it. */
const claude = process.env.CCB_CLAUDE;
const name = 'the fake API under a real Claude Code';

if (process.env.CI === 'true') {
  test('continuous integration has a real Claude Code', () => {
    expect(claude).toMatch(/claude$/);
  });
}

describe.runIf(claude)(claude ? name : `${name} (not here: CCB_CLAUDE is not set)`, () => {
  let api: IsolatedApi;
  let executable: string;
  let home: string;
  let cwd: string;
  let sessions: Session[];

  beforeAll(async () => {
    api = await startIsolatedApi();
    executable = await api.executable(claude ?? '');
  });
  afterAll(() => api.close());
  beforeEach(() => {
    sessions = [];
    home = mkdtempSync(join(tmpdir(), 'ccb-claude-home-'));
    cwd = mkdtempSync(join(tmpdir(), 'ccb-claude-cwd-'));
  });
  afterEach(async () => {
    await Promise.all(sessions.map((session) => session.end()));
    for (const folder of [home, cwd]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  function start(env: Record<string, string> = {}, ...args: string[]): Session {
    const session = new Session(executable, {
      cwd,
      args,
      env: { PATH: '/usr/bin:/bin', HOME: home, ...fakeApiEnvironment(api.url, { maxRetries: 1 }), ...env },
    });
    sessions.push(session);
    return session;
  }

  const begun = (line: Line): boolean => line.event?.delta?.text === 'begun\n';
  const toolsOf = (lines: readonly Line[]): string[] =>
    lines.flatMap(({ message }) =>
      typeof message?.content === 'object' ? message.content.flatMap((block) => block.name ?? []) : [],
    );

  test('a text comes back exactly as it was asked for, in pieces', async () => {
    const session = start();
    const long = Array.from({ length: 5_000 }, (_, i) => `line ${i} é漢😀  `).join('\n');
    for (const text of ['a', '', '\n', ' a  b \n\n\tc\r\n é漢字😀 ', 'x\n\n', '\n x', long]) {
      expect((await session.turn(`say: ${text}`)).text).toBe(text);
    }
    const lines = await session.turn('lines: 1000');
    expect(lines.text).toBe(Array.from({ length: 1000 }, (_, i) => `${i + 1}\n`).join(''));
    expect(lines.pieces).toBeGreaterThan(10);
    expect((await session.turn('slow: 3')).text).toBe('w0 w1 w2 ');
    expect((await session.turn('big: 500000')).text).toBe('x'.repeat(500_000));
    expect((await session.turn('something else')).text).toBe('echo: something else');
  });

  test('thoughts come as thinking deltas, unless they are switched off', async () => {
    expect(await start().turn('think: deep\nthought ')).toMatchObject({ thoughts: 'deep\nthought ', text: 'thought' });
    const off = start({ CLAUDE_CODE_DISABLE_THINKING: '1' }, '--tools', '');
    expect(await off.turn('think: deep')).toMatchObject({ thoughts: '', text: 'thought' });
  });

  test('tools run, with a permission where one is needed', async () => {
    const session = start();
    expect((await session.turn('bash: echo "a  b"; exit 3')).text).toBe('tool failed: Exit code 3\na  b');
    expect((await session.turn('bash: printf " a\\n\\nb"')).text).toBe('tool said:  a\n\nb');
    expect((await session.turn('write: out.txt')).text).toMatch(/^tool said: File created/);
    expect(readFileSync(join(cwd, 'out.txt'), 'utf8')).toBe(writtenText);

    session.allow = false;
    const denied = await session.turn('ask');
    expect(denied.text).toBe('denied');
    expect(denied.lines.find(({ request }) => request)?.request).toMatchObject({
      subtype: 'can_use_tool',
      tool_name: 'Bash',
      input: { command: 'touch ccb-asked' },
    });
    expect(existsSync(join(cwd, 'ccb-asked'))).toBe(false);
    session.allow = true;
    expect((await session.turn('ask')).text).toBe('allowed');
    expect(existsSync(join(cwd, 'ccb-asked'))).toBe(true);
  });

  test('a plan is made with either kind of tools', async () => {
    const tasks = await start({ CLAUDE_CODE_ENABLE_TODO_TOOLS: '1' }).turn('plan');
    expect(tasks.text).toBe('planned');
    expect(toolsOf(tasks.lines).filter((tool) => tool !== 'ToolSearch')).toEqual([
      ...['TaskCreate', 'TaskCreate', 'TaskCreate'],
      ...['TaskUpdate', 'TaskUpdate'],
    ]);
    const todos = await start({ CLAUDE_CODE_ENABLE_TODO_TOOLS: '1', CLAUDE_CODE_ENABLE_TASKS: '0' }).turn('plan');
    expect(todos.text).toBe('planned');
    expect(toolsOf(todos.lines)).toContain('TodoWrite');
  });

  test('errors come as results, or pass when Claude Code asks again', async () => {
    const session = start();
    for (const status of [400, 401, 500, 529]) {
      const { result } = await session.turn(`error: ${status}`);
      expect(result).toMatchObject({ is_error: true, api_error_status: status });
    }
    for (const status of [429, 500, 529]) {
      const turn = await session.turn(`error: ${status} once`);
      expect(turn).toMatchObject({ text: 'recovered', result: { is_error: false } });
      expect(turn.lines.filter(({ subtype }) => subtype === 'api_retry')).toHaveLength(1);
    }
    expect(await session.turn('cut')).toMatchObject({ text: 'begun\n', result: { is_error: true } });
    expect(await session.turn('refuse')).toMatchObject({
      text: 'no',
      result: { is_error: true, stop_reason: 'refusal' },
    });
    expect(await session.turn('max')).toMatchObject({ text: 'too lo', result: { is_error: true } });
    expect((await session.turn('say: and on it goes')).text).toBe('and on it goes');
  });

  test('interrupts are understood', async () => {
    const session = start();
    await session.turn('hang', begun);
    session.interrupt();
    expect((await session.read()).result).toMatchObject({ terminal_reason: 'aborted_streaming' });
    expect((await session.turn('say: x')).text).toBe('x');
    await session.turn('bash: sleep 60', ({ message }) => JSON.stringify(message ?? '').includes('sleep 60'));
    session.interrupt();
    await session.read();
    expect((await session.turn('say: y')).text).toBe('y');
    expect((await session.turn('recall')).text).toBe('hang\nsay: x\nbash: sleep 60\nsay: y\n');
  });

  test('a conversation is recalled, after errors and by a new process that resumes it', async () => {
    const id = crypto.randomUUID();
    const first = start({}, '--session-id', id);
    for (const prompt of ['say:  a\nb ', 'error: 400', 'error: 401', 'think: c']) await first.turn(prompt);
    const recalled = 'say:  a\nb \nerror: 400\nerror: 401\nthink: c\n';
    expect((await first.turn('recall')).text).toBe(recalled);
    await first.end();
    expect((await start({}, '--resume', id).turn('recall')).text).toBe(`${recalled}recall\n`);
    expect(api.requests.at(-1)).toMatchObject({ kind: 'prompt', prompt: 'recall', session: id });
  });
});
