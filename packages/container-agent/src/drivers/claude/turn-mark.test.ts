import { describe, expect, it } from 'vitest';
import { turnMark } from './turn-mark.ts';

const uuid = '8f14e45f-ceea-4e7b-8a4c-0d6bf2a4c1de';
const markOf = (message: object): string | undefined => turnMark(JSON.stringify(message), uuid);

describe('turnMark', () => {
  it.each([
    ['queued', { type: 'command_lifecycle', command_uuid: uuid, state: 'queued' }],
    ['begun', { type: 'command_lifecycle', command_uuid: uuid, state: 'started' }],
    ['done', { type: 'command_lifecycle', command_uuid: uuid, state: 'completed' }],
    ['done', { type: 'command_lifecycle', command_uuid: uuid, state: 'cancelled' }],
    ['begun', { type: 'user', isReplay: true, uuid, message: { role: 'user', content: 'hello' } }],
    ['begun', { type: 'system', subtype: 'status', status: 'requesting', user_message_uuids: [uuid] }],
  ])('says %s', (mark, message) => {
    expect(markOf(message)).toBe(mark);
  });

  it.each([
    ['an answer that speaks of it', { type: 'assistant', message: { content: [{ type: 'text', text: uuid }] } }],
    ['a result that speaks of it', { type: 'result', result: uuid }],
    ['another message with that uuid', { type: 'user', uuid, message: { role: 'user', content: 'x' } }],
    ['another prompt', { type: 'command_lifecycle', command_uuid: 'other', state: 'started', note: uuid }],
  ])('is not taken in by %s', (_, message) => {
    expect(markOf(message)).toBeUndefined();
  });

  it('says nothing of what is no message', () => {
    expect(turnMark(`{"half": "${uuid}`, uuid)).toBeUndefined();
  });
});
