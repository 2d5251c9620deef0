import type { CommandEvent, CommandResult, CommandStream, CommandUpdate } from '@ccb/instance-interface';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Session } from './session.ts';
import { Notices } from './terminal/notices.ts';
import { StatusLine } from './terminal/status-line.ts';
import { runTurn, type TurnContext } from './turn.ts';

let written: string;
const terminal = { isTTY: true, columns: 100, write: (text: string) => (written += text) };
const status = new StatusLine(terminal, true);
const context = {
  settings: {},
  answer: { write: async () => {}, finish: async () => {} },
  notices: new Notices({ terminal, status, quiet: false, verbose: false, color: false }),
  signals: { leaving: new AbortController().signal, duringCommand: () => ({ release: () => {} }) },
  status,
} as unknown as TurnContext;

beforeEach(() => {
  written = '';
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

/** A command in which each of these happens, a second and a half after the other. */
function commandOf(updates: readonly CommandUpdate[], result: Partial<CommandResult>): Session {
  async function* events(): AsyncGenerator<CommandEvent> {
    for (const update of updates) {
      yield { cursor: 'j.1', at: '2026-01-02T03:04:05.000Z', ...update };
      await vi.advanceTimersByTimeAsync(1_500);
    }
  }
  const stream = { events, result: Promise.resolve(result) } as unknown as CommandStream;
  return { program: 'claude', instance: { sendCommand: () => stream } } as unknown as Session;
}

function shown(): readonly string[] {
  const lines = written.replaceAll('\r\u001b[K', '\n').split('\n');
  return lines.filter((line) => line !== '');
}

test.each(['frozen', 'dead', 'unfinished'] as const)(
  'a stalled program that is %s is a warning, with what was seen',
  async (cause) => {
    const message = 'silent for 31 s: it shows\u001b[2Jthis';
    const session = commandOf([{ type: 'status', status: 'stalled', cause, message }], { success: true });
    expect(await runTurn(context, session, 'x')).toBe(0);
    expect(shown()[0]).toBe('ccb: warning: claude: silent for 31 s: it shows [2Jthis');
  },
);

test.each(['thinking', 'tool', 'permission'] as const)(
  'silence that is %s stands in the status line until something comes',
  async (cause) => {
    const message = 'silent for 31 s: it shows this';
    const updates: CommandUpdate[] = [
      { type: 'status', status: 'stalled', cause, message },
      { type: 'text', text: 'done' },
    ];
    await runTurn(context, commandOf(updates, { success: true }), 'x');
    expect(shown()).toEqual([
      '1s claude: silent for 31 s: it shows this',
      '2s waiting for claude',
      '3s waiting for claude',
    ]);
  },
);

test('a command that was ended as stalled is a failure that says why', async () => {
  const error = { code: 'CCB_STALLED', message: 'the command was ended after 60 s of silence', retryable: true };
  const session = commandOf([], { success: false, status: 'failed', error });
  expect(await runTurn(context, session, 'x')).toBe(1);
  expect(shown()).toEqual(['ccb: the command was ended after 60 s of silence (CCB_STALLED)']);
});

test.each([
  [3, false],
  [0, true],
])('a shell that a command ended with status %i is no warning: it is said once', async (exitCode, success) => {
  const message = `bash exited with status ${exitCode}; a new one runs`;
  const result = { success, exitCode, completedBy: 'exit', status: success ? 'completed' : 'failed' };
  const updates: CommandUpdate[] = [
    { type: 'status', status: 'restarted', message },
    { type: 'end', result: result as CommandResult },
  ];
  expect(await runTurn(context, commandOf(updates, result as CommandResult), 'x')).toBe(success ? 0 : 1);
  expect(shown().at(-1)).toBe(`ccb: claude: ${message}`);
  expect(written).not.toContain('warning');
  expect(written).not.toContain('ended the command');
});

test('a program that was started again before the command is a warning', async () => {
  const updates: CommandUpdate[] = [
    { type: 'status', status: 'restarted', message: 'it was started again before this command' },
    { type: 'text', text: 'done' },
  ];
  await runTurn(context, commandOf(updates, { success: true, completedBy: 'program' }), 'x');
  expect(shown()).toContain('ccb: warning: claude: it was started again before this command');
});

test('the status line follows what the program does', async () => {
  const updates: CommandUpdate[] = [
    { type: 'thought', text: 'hm' },
    { type: 'tool_call', toolCallId: 'a', title: 'Bash: ls', kind: 'execute', status: 'in_progress' },
  ];
  await runTurn(context, commandOf(updates, { success: true }), 'x');
  expect(shown()).toEqual(['1s claude thinks', '2s claude uses Bash: ls', '3s claude uses Bash: ls']);
});
