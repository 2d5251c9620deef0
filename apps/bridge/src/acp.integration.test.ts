import { chownSync } from 'node:fs';
import { fakeApiEnvironment, startMountedApi } from '@ccb/conformance/claude';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureTestImage } from '../../../packages/docker-instance/src/testing/test-image.ts';
import { DockerSandbox, whyNoEngine } from './testing/docker-sandbox.ts';
import { Editor } from './testing/editor.ts';
import { type Running, Sandbox } from './testing/sandbox.ts';

describe('ccb acp with a shell', () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(async () => {
    try {
      await sandbox.endInstances();
      await sandbox.whenEmpty();
    } finally {
      sandbox.remove();
    }
  });
  const editor = (...args: readonly string[]): Editor =>
    new Editor(sandbox.start(['acp', ...args, '--program', 'shell']));

  test('each session is an instance of its own, several at once; a cancelled turn leaves the session', async () => {
    const it = editor();
    await it.initialize();
    const [one, two] = [await it.open(sandbox.workspace), await it.open(sandbox.workspace)];
    expect(await it.prompt(one, 'x=1; pwd')).toEqual({ stopReason: 'end_turn', text: `${sandbox.workspace}\n` });
    const long = it.prompt(one, 'echo begun; sleep 60');
    await it.until(() => it.text.includes('begun'));
    await expect(
      it.agent.request('session/prompt', { sessionId: one, prompt: [{ type: 'text', text: 'x' }] }),
    ).rejects.toThrow(/a turn runs/);
    const { stopReason } = await it.agent.request('session/prompt', {
      sessionId: two,
      prompt: [{ type: 'text', text: 'x=2' }],
    });
    expect(stopReason).toBe('end_turn');
    await it.cancel(one);
    expect(await long).toMatchObject({ stopReason: 'cancelled' });
    expect(await it.prompt(one, 'echo $x')).toMatchObject({ text: '1\n' });
    expect(await it.prompt(two, 'echo $x; (exit 3)')).toMatchObject({
      stopReason: 'end_turn',
      text: '2\n\n[exit status 3]\n',
    });
    expect(await it.close()).toBe(0);
  });

  test('a session outlives its editor, and the killed ccb; loaded again it is told from the beginning', async () => {
    const running = sandbox.start(['acp', '--program', 'shell']);
    const first = new Editor(running);
    await first.initialize();
    const id = await first.open(sandbox.workspace);
    await first.prompt(id, 'x=kept; echo one');
    running.child.kill('SIGKILL');
    await running.finished;
    const second = editor();
    await second.initialize();
    const { sessions } = await second.agent.request('session/list', {});
    expect(sessions).toMatchObject([{ sessionId: id, cwd: sandbox.workspace }]);
    await second.agent.request('session/load', { sessionId: id, cwd: sandbox.workspace, mcpServers: [] });
    expect(second.updates).toMatchObject([
      { sessionUpdate: 'user_message_chunk', content: { text: 'x=kept; echo one' } },
      { sessionUpdate: 'agent_message_chunk', content: { text: 'one\n' } },
    ]);
    expect(await second.prompt(id, 'echo $x')).toMatchObject({ text: 'kept\n' });
    expect(await second.close()).toBe(0);
  });

  test('a named instance is used, and made where it is not there; a second editor is told who has it', async () => {
    const it = editor('work');
    await it.initialize();
    expect(await it.open(sandbox.workspace)).toBe('work');
    const other = editor('work');
    await other.initialize();
    await expect(other.open(sandbox.workspace)).rejects.toMatchObject({
      code: -32603,
      message: expect.stringMatching(/work is held by process \d+ \(ccb acp work\)/),
      data: { code: 'CCB_LOCKED' },
    });
    expect(await other.close()).toBe(0);
    expect(await it.close()).toBe(0);
  });

  test.each([
    ['a prompt with an image', [{ type: 'image', mimeType: 'image/png', data: 'AA==' }], /commands are text/],
    ['an empty prompt', [{ type: 'text', text: '  ' }], /empty/],
  ] as const)('%s is refused, and the session goes on', async (_what, prompt, message) => {
    const it = editor();
    await it.initialize();
    const sessionId = await it.open(sandbox.workspace);
    await expect(it.agent.request('session/prompt', { sessionId, prompt: [...prompt] })).rejects.toThrow(message);
    expect(await it.prompt(sessionId, 'echo on')).toMatchObject({ text: 'on\n' });
    await expect(it.open('relative')).rejects.toThrow(/absolute/);
    expect(await it.close()).toBe(0);
  });
});

const claude = process.env.CCB_CLAUDE;
const absent = claude === undefined ? 'CCB_CLAUDE is not set' : await whyNoEngine();

if (process.env.CI === 'true') {
  test('continuous integration has an engine and a real Claude Code', () => expect(absent).toBeUndefined());
}

describe.skipIf(absent !== undefined)(
  absent ? `ccb acp in a container (not here: ${absent})` : 'ccb acp in a container',
  () => {
    test('an editor drives Claude Code: two turns, a tool call with permission, a refusal, a cancel', async () => {
      const image = await ensureTestImage({ claude: claude ?? '' });
      const sandbox = await DockerSandbox.make();
      // The workspace is what a container sees of this machine: the fake API is in it.
      let running: Running | undefined;
      const api = await startMountedApi({ target: '/workspace', program: '/usr/local/bin/claude' });
      try {
        if (process.getuid?.() === 0) chownSync(api.directory, 1000, 1000);
        const env = { ...fakeApiEnvironment('', { maxRetries: 0 }), CLAUDE_CODE_EXECUTABLE: api.executable };
        const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
        const contained = ['--backend', 'docker', '--image', image, '--network', 'none', '--program', 'claude'];
        running = sandbox.start(['acp', ...contained, ...variables]);
        const editor = new Editor(running);
        await editor.initialize();
        const id = await editor.open(api.directory);
        expect(await editor.prompt(id, 'say: hello')).toEqual({ stopReason: 'end_turn', text: 'hello' });
        expect(await editor.prompt(id, 'recall')).toMatchObject({ text: 'say: hello\n' });
        expect(await editor.prompt(id, 'ask')).toMatchObject({ stopReason: 'end_turn', text: 'allowed' });
        expect(editor.updates).toContainEqual(
          expect.objectContaining({
            sessionUpdate: 'tool_call_update',
            title: 'Bash: touch ccb-asked',
            status: 'in_progress',
          }),
        );
        editor.answer = 'reject_once';
        expect(await editor.prompt(id, 'ask')).toMatchObject({ text: 'denied' });
        const long = editor.prompt(id, 'hang');
        await editor.until(() => editor.text.includes('begun'));
        await editor.cancel(id);
        expect(await long).toMatchObject({ stopReason: 'cancelled' });
        expect(await editor.close()).toBe(0);
        await expect(`${editor.exchange.join('\n')}\n`).toMatchFileSnapshot('./testing/acp-exchange.jsonl');
      } finally {
        running?.child.kill('SIGKILL');
        await running?.finished;
        await sandbox.endInstances();
        await sandbox.removeContainers();
        await api.close();
        sandbox.remove();
      }
    });
  },
);
