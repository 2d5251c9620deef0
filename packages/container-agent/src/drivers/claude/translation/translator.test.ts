import { describe, expect, test } from 'vitest';
import { Ledger } from './ledger.ts';
import { parseMessage } from './message.ts';
import { fixturesOf, type Translated, translate, versions } from './testing/fixtures.ts';
import { Translator, type Update } from './translator.ts';

describe.each(versions)('Claude Code %s', (version) => {
  const fixtures = fixturesOf(version);
  const lines = (name: string): readonly string[] => fixtures.get(name) ?? [];
  const turns = (name: string): readonly Translated[] => translate(lines(name));
  const first = (name: string): Translated => turns(name)[0] as Translated;
  const messages = (name: string): readonly (string | undefined)[] =>
    turns(name)
      .flatMap(({ updates }) => updates)
      .flatMap((update) => (update.type === 'status' ? [update.message] : []));
  const tools = (name: string): readonly unknown[] =>
    first(name).updates.map((update) =>
      update.type === 'tool_call' || update.type === 'tool_call_update'
        ? [update.type, update.title, update.status]
        : update.type,
    );

  test('the text is the model’s, to the character, and the turn is a success', () => {
    expect(first('text')).toMatchObject({
      text: 'Hello, wörld 漢字.\n\nBye',
      updates: [],
      end: {
        success: true,
        completedBy: 'program',
        stopReason: 'end_turn',
        usage: { inputTokens: 13, outputTokens: 7, cachedTokens: 4 },
      },
      stopReason: 'end_turn',
    });
  });

  test('thoughts are no text', () => {
    const { text, updates } = first('think');
    expect(text).toBe('thought');
    expect(updates.map((update) => (update.type === 'thought' ? update.text : '')).join('')).toBe('let me think');
  });

  test('nothing is put between two messages; their ids tell them apart', () => {
    const { text, messageIds } = first('text-tool-text');
    expect(text).toBe('one two');
    expect(messageIds).toHaveLength(2);
  });

  test('a tool is announced, begins with its input, and completes with its output', () => {
    expect(tools('text-tool-text')).toEqual([
      ['tool_call', 'Bash', 'pending'],
      ['tool_call_update', 'Bash: echo hi', 'in_progress'],
      ['tool_call_update', undefined, 'completed'],
    ]);
    expect(first('text-tool-text').updates[1]).toMatchObject({ kind: 'execute', rawInput: { command: 'echo hi' } });
    expect(first('text-tool-text').updates[2]).toMatchObject({
      rawOutput: { stdout: 'hi' },
      content: [{ type: 'content', content: { type: 'text', text: 'hi' } }],
    });
  });

  test('a tool that fails, or is not allowed, has failed', () => {
    for (const name of ['tool-fail', 'tool-deny']) {
      expect(first(name).updates.at(-1)).toMatchObject({ type: 'tool_call_update', status: 'failed' });
      expect(first(name).end?.success).toBe(true);
    }
  });

  test('an edit shows as what changes, also when it is done', () => {
    const edits = first('write').updates.filter((update) => 'kind' in update && update.kind === 'edit');
    expect(edits.map((update) => 'content' in update && update.content)).toEqual([
      false,
      [{ type: 'diff', path: '/workspace/n.txt', oldText: null, newText: 'line\n' }],
      false,
      [{ type: 'diff', path: '/workspace/n.txt', oldText: 'line', newText: 'row' }],
    ]);
    const last = first('write').updates.at(-1);
    expect(last).toMatchObject({ status: 'completed', rawOutput: { newString: 'row' } });
    expect(JSON.parse(JSON.stringify(last))).not.toHaveProperty('content');
  });

  test('a sub-agent is the content of the call that started it, and no text', () => {
    const { text, updates } = first('agent');
    expect(text).toBe('delegating parent done');
    expect(new Set(updates.map((update) => 'toolCallId' in update && update.toolCallId)).size).toBe(1);
    expect(updates).toMatchObject([
      { type: 'tool_call', title: 'Agent', kind: 'think' },
      { title: 'Agent: Look around', status: 'in_progress' },
      { content: [{ content: { text: 'Bash: echo sub' } }] },
      { status: 'completed' },
    ]);
  });

  test('whole blocks are text where no pieces came', () => {
    const { text, messageIds, updates } = first('nopartial');
    expect(text).toBe('one twothree');
    expect(messageIds).toHaveLength(2);
    expect(updates.map((update) => update.type)).toEqual(['tool_call', 'tool_call_update', 'thought']);
  });

  test('what the program itself answers to its own commands is text, once', () => {
    expect(first('cost').text).toMatch(/^(Total|Estimated) cost:/);
    expect(first('cost').text.match(/cost:/g)).toHaveLength(1);
  });

  test('the placeholder of a command without output is no text', () => {
    expect(turns('clear')).toMatchObject([
      { text: '', end: { success: true } },
      { text: 'after', end: { success: true } },
    ]);
  });

  test('a retry says which attempt, when and why', () => {
    expect(messages('err529')[1]).toMatch(/^attempt 2 of 2 in 1\.\d s: overloaded \(529\)$/);
    expect(messages('err429')[0]).toMatch(/^attempt 1 of 2 in 0\.\d s: rate limit \(429\)$/);
    expect(messages('noserver')[0]).toMatch(/^attempt 1 of 2 in 0\.\d s: no answer from the API$/);
    expect(first('err529-once')).toMatchObject({ text: 'recovered', end: { success: true } });
  });

  test.each([
    ['err400', 'CCB_MODEL_ERROR', /400/, false],
    ['err401', 'CCB_SIGN_IN', /ANTHROPIC_API_KEY/, false],
    ['err429', 'CCB_MODEL_ERROR', /429/, true],
    ['err529', 'CCB_MODEL_ERROR', /529/, true],
    ['noserver', 'CCB_MODEL_ERROR', /connect/i, true],
    ['midsse', 'CCB_MODEL_ERROR', /Overloaded|mid-response/, true],
    ['nokey', 'CCB_SIGN_IN', /CLAUDE_CODE_OAUTH_TOKEN/, false],
    ['maxturns', 'CCB_COMMAND_FAILED', /maximum number of turns/, false],
  ])('%s is %s', (name, code, message, retryable) => {
    expect(first(name).end).toMatchObject({
      success: false,
      error: { code, message: expect.stringMatching(message), retryable },
    });
  });

  test('the text of an API error is the error of the result, and no answer; the next turn is its own', () => {
    expect(turns('err400').map(({ text }) => text)).toEqual(['', 'after']);
    expect(turns('err400')[0]?.end).toMatchObject({ error: { message: expect.stringContaining('fake 400') } });
  });

  test.each([
    ['refusal', 'refusal'],
    ['maxtokens', 'max_tokens'],
    ['maxturns', 'max_turn_requests'],
    ['int-stream', 'cancelled'],
    ['int-tool', 'cancelled'],
    ['int-permission', 'cancelled'],
    ['tool-deny-interrupt', 'cancelled'],
  ])('%s ends with the stop reason %s, and is no success: the program says it is an error', (name, stopReason) => {
    expect(first(name).end).toMatchObject({ success: false, stopReason });
  });

  test('an interrupted answer keeps its text, once', () => {
    expect(turns('int-stream').map(({ text }) => text)).toEqual(['w0 w1 w2 ', 'next']);
  });

  test('an answer that broke off stays, and the whole one follows under another id', () => {
    const { text, messageIds, end } = first('midcut');
    expect(text).toMatch(/^(begun ){2,}$/);
    expect(new Set(messageIds).size).toBe(text.length / 'begun '.length);
    expect(end?.success).toBe(true);
  });

  test('a turn costs what it adds', () => {
    const [failed, second] = turns('err400');
    expect(failed?.end?.usage?.costUsd).toBe(0);
    const [interrupted, next] = turns('tool-deny-interrupt');
    expect(next?.end?.usage?.costUsd).toBe(interrupted?.end?.usage?.costUsd);
    expect(second?.end?.usage?.costUsd).toBe(next?.end?.usage?.costUsd);
  });

  test('a tool is open from its announcement to its result', () => {
    const translator = new Translator({ text: () => {}, update: () => {} });
    const open = lines('tool-allow').map((line) => {
      translator.take(parseMessage(line));
      return translator.openTools.map(({ name, title }) => `${name}/${title}`).join();
    });
    expect(open.filter((names, index) => names !== open[index - 1])).toEqual([
      '',
      'Bash/Bash',
      'Bash/Bash: touch made',
      '',
    ]);
  });

  test('the tools of a sub-agent are open too', () => {
    const translator = new Translator({ text: () => {}, update: () => {} });
    let most: readonly string[] = [];
    for (const line of lines('agent')) {
      translator.take(parseMessage(line));
      const titles = translator.openTools.map(({ title }) => title);
      if (titles.length > most.length) most = titles;
    }
    expect(most).toEqual(['Agent: Look around', 'Bash: echo sub']);
    expect(translator.openTools).toEqual([]);
  });

  test('the stop reason is that of the last message, and none while one is written', () => {
    const translator = new Translator({ text: () => {}, update: () => {} });
    const reasons = lines('text-tool-text').map((line) => {
      translator.take(parseMessage(line));
      return translator.stopReason;
    });
    expect(reasons.filter((reason, index) => reason !== reasons[index - 1])).toEqual([
      'tool_use',
      undefined,
      'end_turn',
    ]);
  });
});

test('what a command of the program says as an echo alone is text', () => {
  expect(translate(fixturesOf('2.1.330').get('compact') ?? [])[1]).toMatchObject({
    text: 'Compacted ',
    updates: [
      { type: 'status', status: 'running' },
      { type: 'status', status: 'running' },
    ],
  });
});

test('a tool without a result has failed when the turn is over', () => {
  const updates: Update[] = [];
  const translator = new Translator({ text: () => {}, update: (update) => updates.push(update) });
  const block = { type: 'tool_use', id: 't1', name: 'Bash', input: { command: 'sleep 9' } };
  translator.take(parseMessage(JSON.stringify({ type: 'assistant', message: { content: [block] } })));
  translator.take(parseMessage('{"type":"result","subtype":"success","is_error":false}'));
  expect(updates.at(-1)).toEqual({ type: 'tool_call_update', toolCallId: 't1', status: 'failed' });
});

test('a conversation that was cleared counts its costs from zero', () => {
  const ledger = new Ledger();
  const cost = (total: number): number | undefined => {
    const translator = new Translator({ text: () => {}, update: () => {} }, ledger);
    return translator.take(parseMessage(JSON.stringify({ type: 'result', subtype: 'success', total_cost_usd: total })))
      ?.usage?.costUsd;
  };
  expect([0.1, 0.3, 0, 0.25].map(cost)).toEqual([0.1, 0.2, 0, 0.25]);
});
