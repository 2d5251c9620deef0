import { describe, expect, it } from 'vitest';
import { ProgramTurns } from './program-turns.ts';
import { parseMessage } from './translation/message.ts';

const uuid = '8f14e45f-ceea-4e7b-8a4c-0d6bf2a4c1de';
const session = '11111111-2222-4333-8444-555555555555';
const init = { type: 'system', subtype: 'init', session_id: session };
const requesting = { type: 'system', subtype: 'status', status: 'requesting' };
const notification = { type: 'system', subtype: 'task_notification', task_id: 't1', status: 'completed' };
const delta = (text: string): object => ({
  type: 'stream_event',
  event: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
});
const result = (text: string): object => ({ type: 'result', subtype: 'success', is_error: false, result: text });
const replay = { type: 'user', isReplay: true, uuid, message: { role: 'user', content: 'hello' } };
const lifecycle = (state: string): object => ({ type: 'command_lifecycle', command_uuid: uuid, state });

function watch(): { readonly turns: ProgramTurns; readonly dropped: () => number; say(...lines: object[]): string[] } {
  let dropped = 0;
  const turns = new ProgramTurns(() => {
    dropped += 1;
  });
  const say = (...lines: object[]): string[] =>
    lines.flatMap((message) => {
      const line = JSON.stringify(message);
      return turns.take(parseMessage(line), line).map((taken) => {
        if (taken.type === 'stream_event') return 'text' in taken.event ? taken.event.text : taken.event.type;
        return taken.type === 'result' ? `result ${taken.result}` : taken.type;
      });
    });
  return { turns, dropped: () => dropped, say };
}

describe('ProgramTurns', () => {
  it('gives the command what comes from its init on', () => {
    const { turns, say } = watch();
    turns.expect(uuid, 'hello');
    expect(say(init, delta('a'), replay, result('a'))).toEqual(['init', 'a', 'result a']);
  });

  it('gives it neither a late piece nor a second result of the turn before', () => {
    const { turns, say } = watch();
    expect(say(delta('late'))).toEqual([]);
    turns.expect(uuid, 'hello');
    expect(say(delta('late'), result('of the turn before'), init, delta('mine'), result('mine'))).toEqual([
      'init',
      'mine',
      'result mine',
    ]);
  });

  it('knows a turn of the program’s own between two commands, by its begin and its result', async () => {
    const { turns, say } = watch();
    expect(say(delta('a late piece is none'))).toEqual([]);
    expect(turns.isOwn).toBe(false);
    expect(say(notification, init, requesting, delta('own'))).toEqual([]);
    expect(turns.isOwn).toBe(true);
    const ended = turns.ownEnded();
    say(result('own'));
    await ended;
    expect(turns.isOwn).toBe(false);
  });

  it('holds what may be the program’s own until it repeats the prompt, and then loses nothing', () => {
    const { turns, say } = watch();
    say(notification);
    turns.expect(uuid, 'hello');
    expect(say(init, delta('own'), result('own'))).toEqual([]);
    expect(say(init, delta('mi'))).toEqual([]);
    expect(say(replay)).toEqual(['init', 'mi']);
    expect(say(delta('ne'), result('mine'))).toEqual(['ne', 'result mine']);
  });

  it('does not wait for a repetition of a slash command: older versions do not repeat it', () => {
    const { turns, say } = watch();
    say(notification);
    turns.expect(uuid, '/cost');
    expect(say(init, result('cost'))).toEqual(['init', 'result cost']);
  });

  it('holds nothing any more after two turns', () => {
    const { turns, say } = watch();
    say(notification);
    for (let turn = 0; turn < 2; turn += 1) {
      turns.expect(uuid, 'hello');
      expect(say(init, delta('x'), replay, result('x'))).toEqual(['init', 'x', 'result x']);
      turns.over();
    }
    turns.expect(uuid, 'hello');
    expect(say(init, delta('at once'))).toEqual(['init', 'at once']);
  });

  it('goes by the announcement where there is one', () => {
    const { turns, say } = watch();
    turns.expect(uuid, 'hello');
    expect(say(lifecycle('queued'), init, delta('own'), result('own'))).toEqual([]);
    expect(say(lifecycle('started'), init, delta('mine'), result('mine'))).toEqual([
      'unknown',
      'init',
      'mine',
      'result mine',
    ]);
  });

  it('tells of a prompt that was dropped', () => {
    const { turns, say, dropped } = watch();
    turns.expect(uuid, 'hello');
    say(lifecycle('queued'));
    expect(dropped()).toBe(0);
    say(lifecycle('cancelled'));
    expect(dropped()).toBe(1);
    turns.over();
    say(lifecycle('cancelled'));
    expect(dropped()).toBe(1);
  });

  it('no longer waits for a turn of its own that was interrupted, and holds the next one until it is known', async () => {
    const { turns, say } = watch();
    say(init, requesting);
    const ended = turns.ownEnded();
    turns.forgetOwn();
    await ended;
    turns.expect(uuid, 'hello');
    expect(say(result('own, interrupted'), init, delta('mine'))).toEqual([]);
    expect(say(replay)).toEqual(['init', 'mine']);
  });
});
