import type { CommandUpdate } from '@ccb/instance-interface';
import { expect, test } from 'vitest';
import { Progress } from './progress.ts';

/** What is shown after each of these. */
function shown(...updates: readonly CommandUpdate[]): readonly string[] {
  const progress = new Progress('claude');
  return updates.map((update) => {
    progress.take({ cursor: 'j.1', at: '2026-01-02T03:04:05.000Z', ...update });
    return progress.activity;
  });
}

const call = (toolCallId: string, title: string): CommandUpdate => ({
  type: 'tool_call',
  toolCallId,
  title,
  kind: 'execute',
  status: 'pending',
});
const plan = (...statuses: readonly ('pending' | 'in_progress' | 'completed')[]): CommandUpdate => ({
  type: 'plan',
  entries: statuses.map((status, index) => ({ content: `Step ${index + 1}`, status })),
});

test('a program that has said nothing is waited for', () => {
  expect(new Progress('claude').activity).toBe('waiting for claude');
});

test('it thinks until it says or does something', () => {
  expect(shown({ type: 'thought', text: 'hm' }, { type: 'text', text: 'so' })).toEqual([
    'claude thinks',
    'waiting for claude',
  ]);
});

test('a tool is shown by its best title, on one line, until it has ended', () => {
  expect(
    shown(
      call('a', 'Bash'),
      { type: 'tool_call_update', toolCallId: 'a', title: 'Bash: \u001b[2Jls', status: 'in_progress' },
      { type: 'tool_call_update', toolCallId: 'a', content: [] },
      { type: 'tool_call_update', toolCallId: 'a', status: 'completed' },
    ),
  ).toEqual(['claude uses Bash', 'claude uses Bash:  [2Jls', 'claude uses Bash:  [2Jls', 'waiting for claude']);
});

test('of two tools the later one is shown, then the one that goes on', () => {
  expect(
    shown(call('a', 'Read x'), call('b', 'Read y'), { type: 'tool_call_update', toolCallId: 'b', status: 'failed' }),
  ).toEqual(['claude uses Read x', 'claude uses Read y', 'claude uses Read x']);
});

test('it waits for a permission until the last question has its answer', () => {
  const ask = (requestId: string): CommandUpdate => ({
    type: 'permission_request',
    requestId,
    toolCall: {},
    options: [],
  });
  const answered = (requestId: string): CommandUpdate => ({ type: 'permission_resolved', requestId, by: 'handler' });
  expect(shown(call('a', 'Bash'), ask('1'), ask('2'), answered('1'), answered('2'))).toEqual([
    'claude uses Bash',
    'claude waits for a permission',
    'claude waits for a permission',
    'claude waits for a permission',
    'claude uses Bash',
  ]);
});

test('a step of a plan is shown while it is done and nothing says more', () => {
  expect(
    shown(
      plan('pending', 'pending'),
      plan('completed', 'in_progress'),
      call('a', 'Bash'),
      { type: 'tool_call_update', toolCallId: 'a', status: 'completed' },
      plan('completed', 'completed'),
    ),
  ).toEqual([
    'waiting for claude',
    'claude works on 2 of 2: Step 2',
    'claude uses Bash',
    'claude works on 2 of 2: Step 2',
    'waiting for claude',
  ]);
});

test('a status that is no trouble is shown until anything else happens', () => {
  expect(
    shown(
      { type: 'status', status: 'running', message: 'makes the conversation shorter' },
      { type: 'status', status: 'retry', message: 'attempt 1 of 10' },
    ),
  ).toEqual(['claude: makes the conversation shorter', 'waiting for claude']);
});

test('once the person has interrupted it nothing else is shown', () => {
  const progress = new Progress('claude');
  progress.interrupt();
  progress.take({ cursor: 'j.1', at: '', type: 'thought', text: 'hm' });
  expect(progress.activity).toBe('interrupting');
});
