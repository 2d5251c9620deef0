import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Subject, subject } from '../testing/recorder.ts';
import { createAcpDriver } from './acp-driver.ts';

const loader = createRequire(import.meta.url).resolve('tsx');
const program = fileURLToPath(new URL('./testing/program.ts', import.meta.url));
const commandLine = (...args: readonly string[]): readonly string[] => [
  process.execPath,
  '--import',
  loader,
  program,
  ...args,
];

function acp(...args: readonly string[]): Subject {
  return subject(createAcpDriver, { args: commandLine(...args), env: { TOKEN: 'given' } });
}

const started = (it: Subject): Promise<void> => it.driver.start(AbortSignal.timeout(20_000));

test('a program of the protocol answers, thinks, plans, asks, and is told by its own version', async () => {
  await using it = acp();
  await started(it);
  expect(it.driver.version).toBe('4.5.6');
  const said = await it.run('say: naïve 😀');
  expect([String(said.stdout), said.end]).toEqual([
    'naïve 😀',
    { success: true, completedBy: 'program', stopReason: 'end_turn' },
  ]);
  expect((await it.run('think')).updates).toEqual([{ type: 'thought', text: 'hm' }]);
  expect((await it.run('plan')).updates).toEqual([{ type: 'plan', entries: [{ content: 'one', status: 'pending' }] }]);
  expect(String((await it.run('env: TOKEN')).stdout)).toBe('given');
  const noisy = await it.run('stderr', { onWrite: (stream) => void (stream === 'stderr' && it.driver.interrupt()) });
  expect(String(noisy.stderr)).toBe('to stderr\n');
  expect((await it.run('refuse')).end).toMatchObject({ success: true, stopReason: 'refusal' });
  expect((await it.run('fail')).end).toMatchObject({
    success: false,
    error: { code: 'CCB_COMMAND_FAILED', message: expect.stringContaining('the model is away') },
  });
  await it.run('garbage');
  expect(String((await it.run('say: on')).stdout)).toBe('on');
});

test('its questions reach whoever decides, and only answers that it offered go back', async () => {
  await using it = acp();
  await started(it);
  for (const [answer, text] of [
    ['allow_once', 'yes'],
    ['reject_once', 'no'],
    ['allow_always', 'no'],
    ['cancelled', 'cancelled'],
    [{ optionId: 'yes' }, 'yes'],
  ] as const) {
    const asked = await it.run('ask', {
      onAsk: ({ options, toolCall }) => {
        expect(toolCall).toMatchObject({ toolCallId: 'tool-1', title: 'Touch a file', kind: 'execute' });
        expect(options.map(({ kind }) => kind)).toEqual(['allow_once', 'reject_once']);
        return answer;
      },
    });
    expect(String(asked.stdout)).toBe(text);
    expect(asked.updates.map(({ type }) => type)).toEqual(expect.arrayContaining(['tool_call', 'tool_call_update']));
  }
});

test('an interrupt ends the turn, and the conversation goes on', async () => {
  await using it = acp();
  await started(it);
  const { end } = await it.run('hang', { onWrite: () => it.driver.interrupt() });
  expect(end).toEqual({ success: false, completedBy: 'cancel', stopReason: 'cancelled' });
  expect(String((await it.run('say: on')).stdout)).toBe('on');
});

test('a program that dies ends its command, and goes on with its conversation where it can', async () => {
  const kept = subject(createAcpDriver);
  const file = join(kept.workspace, 'prompts');
  await using _kept = kept;
  await using it = acp('--keep', file);
  await started(it);
  await it.run('say: one');
  expect((await it.run('die')).end).toMatchObject({
    success: false,
    completedBy: 'exit',
    error: { code: 'CCB_PROGRAM_EXITED', message: 'the program exited with status 9' },
  });
  await started(it);
  const { stdout } = await it.run('recall');
  expect(String(stdout)).toBe('say: one|die');
});

test('one that keeps no conversation says so once', async () => {
  await using it = acp();
  await started(it);
  await it.run('die');
  await expect(started(it)).rejects.toMatchObject({ code: 'CCB_SESSION_LOST' });
  await started(it);
  expect(String((await it.run('say: on')).stdout)).toBe('on');
});

test.each([
  ['--sign-in', 'CCB_SIGN_IN', /wants to be signed in/],
  ['--old', 'CCB_PROTOCOL_MISMATCH', /speaks version 0/],
  ['--broken', 'CCB_PROGRAM_EXITED', /exited with status 7 before it was ready: this program needs a moon/],
])('%s: %s, and no process is left', async (argument, code, message) => {
  await using it = acp(argument);
  await expect(started(it)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  expect(it.driver.pid).toBeUndefined();
  expect(it.exits).toHaveLength(1);
});

test('one that never says hello is ended with the start', async () => {
  await using it = acp('--silent');
  await expect(it.driver.start(AbortSignal.timeout(1_500))).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(it.exits).toHaveLength(1);
});

test('without a command line, and with one that is none, the person is told what is missing', async () => {
  await using nothing = subject(createAcpDriver);
  await expect(started(nothing)).rejects.toMatchObject({ code: 'CCB_PROGRAM_ARGS' });
  await using absent = subject(createAcpDriver, { args: ['/no/such/program'] });
  await expect(started(absent)).rejects.toMatchObject({ code: 'CCB_NOT_FOUND' });
});
