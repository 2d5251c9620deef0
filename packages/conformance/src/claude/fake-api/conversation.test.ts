import { describe, expect, test } from 'vitest';
import { bodyOf, user } from '../testing/client.ts';
import type { MessagesBody } from './body.ts';
import { isSideRequest, readConversation, sessionOf, sideAnswer } from './conversation.ts';

const assistant = (text: string) => ({ role: 'assistant', content: [{ type: 'text', text }] });
const reminder = "<system-reminder>\nToday's date is 2026-11-23.\n</system-reminder>\n\n";
const promptsOf = (...messages: MessagesBody['messages']) => readConversation(bodyOf(messages)).prompts;

describe('the prompts of a conversation', () => {
  test('are what the user wrote, not what Claude Code put around it', () => {
    expect(
      promptsOf(
        user(reminder, 'one'),
        { role: 'system', content: 'Available agent types for the Agent tool: …' },
        assistant('1'),
        { role: 'user', content: 'two' },
      ),
    ).toEqual(['one', 'two']);
  });

  test('keep their spaces and newlines', () => {
    expect(promptsOf(user(reminder, '  say: a \n\n'))).toEqual(['  say: a \n\n']);
  });

  test('are told apart where no answer lies between them, without the newline that joins them', () => {
    expect(promptsOf(user('error: 500\n', '[Request interrupted by user]\n', 'hang\n', 'say: x\n'))).toEqual([
      'error: 500',
      'hang',
      'say: x\n',
    ]);
  });

  test('do not contain what a resumed session begins with', () => {
    expect(
      promptsOf(
        user('hang\n', 'Continue from where you left off.'),
        assistant('No response requested.'),
        user('recall'),
      ),
    ).toEqual(['hang', 'recall']);
  });

  test('do not contain the local commands of the user', () => {
    const command = '<command-name>/clear</command-name>';
    expect(promptsOf(user(command, '<local-command-stdout></local-command-stdout>', 'x'))).toEqual(['x']);
  });
});

describe('the results of tools', () => {
  const calls = { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'Bash' }] };
  const result = { type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: `out\n\n${reminder}` }] };

  test('are those since the last prompt, without the reminders at their end', () => {
    const messages = [user('bash: x'), calls, { role: 'user', content: [result] }];
    expect(readConversation(bodyOf(messages)).results).toEqual([{ tool: 'Bash', text: 'out', failed: false }]);
  });

  test('do not count for the prompt after an interrupted tool', () => {
    const next = [result, ...(user('[Request interrupted by user for tool use]', 'say: x').content as [])];
    const { prompts, results } = readConversation(bodyOf([user('bash: x'), calls, { role: 'user', content: next }]));
    expect([prompts.at(-1), results]).toEqual(['say: x', []]);
  });
});

describe('a request beside the conversation', () => {
  const title: MessagesBody = {
    stream: true,
    system: [{ type: 'text', text: 'Generate a concise title. Return JSON with a single "title" field.' }],
    tools: [],
    messages: [user('<session>\nbash: ls\n</session>\n\nWrite the title in the language of the session.')],
    output_config: {
      format: { schema: { type: 'object', properties: { title: { type: 'string' }, good: { type: 'boolean' } } } },
    },
  };

  test('is known by what it lacks, and by the JSON that it wants', () => {
    expect(isSideRequest(title)).toBe(true);
    expect(isSideRequest({ ...title, output_config: {} })).toBe(true);
    expect(isSideRequest({ messages: [user('quota')], max_tokens: 1 })).toBe(true);
  });

  test('gets the JSON that it wants, else a word', () => {
    expect(JSON.parse(sideAnswer(title))).toEqual({ title: 'Test', good: false });
    expect(sideAnswer({ ...title, output_config: {} })).toBe('ok');
  });

  test('is not the conversation of a Claude Code without tools or without thoughts', () => {
    const system = [{ type: 'text', text: 'You are an agent.' }];
    expect(isSideRequest(bodyOf([user('x')], { system, tools: [] }))).toBe(false);
    expect(isSideRequest(bodyOf([user('x')], { system, thinking: { type: 'disabled' } }))).toBe(false);
    expect(isSideRequest({ system, messages: [user(reminder, 'x')] })).toBe(false);
  });

  test('is not what a person sends by hand', () => {
    expect(isSideRequest({ messages: [{ role: 'user', content: 'x' }] })).toBe(false);
  });
});

test('the session is the one that Claude Code names', () => {
  expect(sessionOf({ messages: [], metadata: { user_id: '{"device_id":"d","session_id":"abc-1"}' } })).toBe('abc-1');
  expect(sessionOf({ messages: [] })).toBe('');
});
