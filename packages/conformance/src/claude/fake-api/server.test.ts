import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planEntries, writtenText } from '../prompt.ts';
import { ask, bodyOf, post, user, withResults } from '../testing/client.ts';
import { fakeApiEnvironment } from './environment.ts';
import { type FakeApi, startFakeApi } from './server.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await startFakeApi();
});
afterEach(() => api.close());

describe('a prompt', () => {
  const exact = ' a  b \n\n\tc\r\n é漢字😀 \u0000 ';

  test('that names nothing is echoed', async () => {
    expect(await ask(api.url, 'hello: you\n')).toMatchObject({ text: 'echo: hello: you\n', stopReason: 'end_turn' });
  });

  test('say: is answered exactly, in pieces', async () => {
    const answer = await ask(api.url, `say: ${exact}`);
    expect(answer.text).toBe(exact);
    expect(answer.pieces.length).toBeGreaterThan(1);
    expect(new Set(answer.events)).toEqual(
      new Set([
        'message_start',
        'ping',
        'content_block_start',
        'content_block_delta',
        'content_block_stop',
        'message_delta',
        'message_stop',
      ]),
    );
  });

  test('say: without a text is answered by nothing, and so is the question why nothing came', async () => {
    const body = bodyOf([user('say: ')]);
    expect(await ask(api.url, body)).toMatchObject({ text: '', stopReason: 'end_turn' });
    const why = user('say: \n\n', '[Your previous response had no visible output. Please continue.]');
    expect((await ask(api.url, bodyOf([why]))).text).toBe('');
  });

  test('lines: counts', async () => {
    expect((await ask(api.url, 'lines: 12')).text).toBe('1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n');
  });

  test('slow: takes 100 ms from piece to piece', async () => {
    const began = performance.now();
    expect((await ask(api.url, 'slow: 3')).pieces).toEqual(['w0 ', 'w1 ', 'w2 ']);
    expect(performance.now() - began).toBeGreaterThan(190);
  });

  test('big: comes in one piece', async () => {
    expect((await ask(api.url, 'big: 3000000')).pieces).toEqual(['x'.repeat(3_000_000)]);
  });

  test('think: is thought where thinking is on', async () => {
    expect(await ask(api.url, 'think: deep\n')).toMatchObject({ thoughts: 'deep\n', text: 'thought' });
    const off = bodyOf([user('think: deep')], { thinking: { type: 'disabled' } });
    expect(await ask(api.url, off)).toMatchObject({ thoughts: '', text: 'thought' });
  });

  test('refuse and max end for their reasons, and have nothing to add', async () => {
    expect(await ask(api.url, 'refuse')).toMatchObject({ text: 'no', stopReason: 'refusal' });
    expect(await ask(api.url, 'max')).toMatchObject({ text: 'too lo', stopReason: 'max_tokens' });
    const more = bodyOf([user('max'), user('Output token limit hit. Resume directly.')]);
    expect(await ask(api.url, more)).toMatchObject({ text: '', stopReason: 'max_tokens' });
  });

  test('recall is answered by the earlier prompts', async () => {
    const said = { role: 'assistant', content: 'x' };
    const body = bodyOf([user('say: a\nb'), said, user('hello'), said, user('recall')]);
    expect((await ask(api.url, body)).text).toBe('say: a\nb\nhello\n');
  });

  test('is answered whole where no stream is wanted', async () => {
    const whole = await (await post(api.url, bodyOf([user('think: deep')], { stream: false }))).json();
    expect(whole).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: 'claude-test',
      content: [
        { type: 'thinking', thinking: 'deep' },
        { type: 'text', text: 'thought' },
      ],
      stop_reason: 'end_turn',
    });
  });
});

describe('a tool', () => {
  test('bash: calls Bash, and says what it said or why it failed', async () => {
    const body = bodyOf([user('bash: echo "a\nb"')]);
    const call = await ask(api.url, body);
    expect(call).toMatchObject({
      text: '',
      stopReason: 'tool_use',
      tools: [{ name: 'Bash', input: { command: 'echo "a\nb"' } }],
    });
    expect((await ask(api.url, withResults(body, call, [{ text: 'a\nb' }]))).text).toBe('tool said: a\nb');
    const failed = withResults(body, call, [{ text: 'Exit code 3', failed: true }]);
    expect((await ask(api.url, failed)).text).toBe('tool failed: Exit code 3');
  });

  test('write: calls Write', async () => {
    const { tools } = await ask(api.url, 'write: /tmp/a b');
    expect(tools).toMatchObject([{ name: 'Write', input: { file_path: '/tmp/a b', content: writtenText } }]);
  });

  test('ask calls Bash, and says whether it was allowed', async () => {
    const body = bodyOf([user('ask')]);
    const call = await ask(api.url, body);
    expect(call.tools).toMatchObject([{ name: 'Bash', input: { command: 'touch ccb-asked' } }]);
    expect((await ask(api.url, withResults(body, call, [{ text: '' }]))).text).toBe('allowed');
    expect((await ask(api.url, withResults(body, call, [{ text: 'No.', failed: true }]))).text).toBe('denied');
  });

  test('is not called where it is not offered', async () => {
    expect((await ask(api.url, bodyOf([user('bash: ls')], { tools: [] }))).text).toBe('no tool Bash');
    expect((await ask(api.url, bodyOf([user('plan')], { tools: [] }))).text).toBe('no tool for plans');
  });

  test('plan calls TodoWrite where there is one', async () => {
    const body = bodyOf([user('plan')]);
    const call = await ask(api.url, body);
    expect(call.tools).toMatchObject([{ name: 'TodoWrite', input: { todos: planEntries } }]);
    expect((await ask(api.url, withResults(body, call, [{ text: 'ok' }]))).text).toBe('planned');
  });

  test('plan calls TaskCreate and TaskUpdate where those are offered, and loads them first where it must', async () => {
    const list = 'The following deferred tools are now available via ToolSearch:\nMonitor\nTaskCreate\nTaskUpdate\n\nx';
    const tools = [{ name: 'Bash' }, { name: 'ToolSearch' }];
    let body = bodyOf([user('plan'), { role: 'system', content: list }], { tools });
    const search = await ask(api.url, body);
    expect(search.tools).toMatchObject([{ name: 'ToolSearch', input: { query: 'select:TaskCreate,TaskUpdate' } }]);

    body = withResults(body, search, [{ text: '' }]);
    const create = await ask(api.url, { ...body, messages: [...body.messages, user('Tool loaded.')] });
    expect(create.tools.map(({ name }) => name)).toEqual(['TaskCreate', 'TaskCreate', 'TaskCreate']);
    body = withResults(
      body,
      create,
      [7, 8, 9].map((id) => ({ text: `Task #${id} created successfully: x` })),
    );
    const update = await ask(api.url, body);
    expect(update.tools.map(({ name, input }) => [name, input])).toEqual([
      ['TaskUpdate', { taskId: '7', status: 'completed' }],
      ['TaskUpdate', { taskId: '8', status: 'in_progress' }],
    ]);
    expect((await ask(api.url, withResults(body, update, [{ text: '' }, { text: '' }]))).text).toBe('planned');
  });
});

describe('an error', () => {
  test.each([
    [400, 'invalid_request_error', 'false', null],
    [401, 'authentication_error', 'false', null],
    [429, 'rate_limit_error', 'true', '1'],
    [500, 'api_error', 'true', null],
    [529, 'overloaded_error', 'true', null],
  ])('%i is told as the API tells it', async (status, type, retry, after) => {
    const response = await post(api.url, bodyOf([user(`error: ${status}`)]));
    expect([response.status, response.headers.get('x-should-retry'), response.headers.get('retry-after')]).toEqual([
      status,
      retry,
      after,
    ]);
    expect(await response.json()).toMatchObject({ type: 'error', error: { type } });
  });

  test('happens once for each prompt that wants it once', async () => {
    const first = bodyOf([user('error: 529 once')]);
    const second = bodyOf([
      user('error: 529 once'),
      { role: 'assistant', content: 'recovered' },
      user('error: 529 once'),
    ]);
    const statuses = [];
    for (const body of [first, first, second, second]) statuses.push((await ask(api.url, body)).status);
    expect(statuses).toEqual([529, 200, 529, 200]);
  });

  test('answers what is no request to the Messages API', async () => {
    const bad = await post(api.url, 'x');
    expect([bad.status, await bad.json()]).toMatchObject([400, { error: { type: 'invalid_request_error' } }]);
    const unknown = await fetch(`${api.url}/v1/nothing`);
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { error: { type: 'not_found_error' } }]);
  });
});

describe('a connection', () => {
  test('that is cut has brought what was said until then', async () => {
    const response = await post(api.url, bodyOf([user('cut')]));
    let text = '';
    const reading = (async () => {
      for await (const bytes of response.body as ReadableStream<Uint8Array>) text += Buffer.from(bytes).toString();
    })();
    await expect(reading).rejects.toThrow();
    expect(text).toContain('"begun\\n"');
    await expect(post(api.url, bodyOf([user('cut')], { stream: false }))).rejects.toThrow();
  });

  test('that hangs stays open until the API is closed', async () => {
    const response = await post(api.url, bodyOf([user('hang')]));
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = '';
    while (!text.includes('begun')) text += Buffer.from((await reader.read()).value as Uint8Array).toString();
    const next = reader.read();
    const whole = post(api.url, bodyOf([user('hang')], { stream: false }));
    await api.whenRequested(({ number }) => number === 2);
    await Promise.all([api.close(), expect(next).rejects.toThrow(), expect(whole).rejects.toThrow()]);
    expect(text).not.toContain('content_block_stop');
  });

  test('that its reader leaves is let go in the middle of an answer', async () => {
    const abort = new AbortController();
    const response = await post(api.url, bodyOf([user('slow: 10000')]), abort.signal);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    abort.abort();
    await expect(reader.read()).rejects.toThrow('abort');
    expect((await ask(api.url, 'say: still here')).text).toBe('still here');
  });

  test('is never left behind: after close nothing listens and no socket is open', async () => {
    const idle = connect(api.port, '127.0.0.1');
    const ended = new Promise((resolve) => idle.once('close', resolve));
    await new Promise((resolve) => idle.once('connect', resolve));
    await ask(api.url, 'hello');
    await api.close();
    await ended;
    await expect(fetch(api.url)).rejects.toThrow();
    const sockets = process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap');
    expect(sockets).toEqual([]);
  });
});

describe('the requests', () => {
  test('are told apart, in their order', async () => {
    const body = bodyOf([user('bash: ls')], { metadata: { user_id: '{"session_id":"s1"}' } });
    await ask(api.url, withResults(body, await ask(api.url, body), [{ text: 'a' }]));
    await post(api.url, { system: 'Give a title.', messages: [user('bash: ls')] });
    const counted = await fetch(`${api.url}/v1/messages/count_tokens`, { method: 'POST', body: '{"messages":[]}' });
    expect(await counted.json()).toEqual({ input_tokens: 4 });
    expect(await (await fetch(`${api.url}/v1/models`)).json()).toMatchObject({ data: [{ type: 'model' }] });
    await fetch(api.url, { method: 'HEAD' });
    const tools = ['Bash', 'Write', 'TodoWrite'];
    expect(api.requests).toMatchObject([
      { number: 1, kind: 'prompt', session: 's1', prompt: 'bash: ls', tools, model: 'claude-test', stream: true },
      { number: 2, kind: 'tool', prompt: 'bash: ls', results: [{ tool: 'Bash', text: 'a', failed: false }] },
      { number: 3, kind: 'side', stream: false },
      { number: 4, kind: 'tokens', method: 'POST', path: '/v1/messages/count_tokens' },
      { number: 5, kind: 'models' },
      { number: 6, kind: 'other', method: 'HEAD', path: '/' },
    ]);
  });

  test('can be waited for, before and after they come', async () => {
    const coming = api.whenRequested(({ prompt }) => prompt === 'two');
    await ask(api.url, 'one');
    await ask(api.url, 'two');
    expect(await coming).toMatchObject({ number: 2 });
    expect(await api.whenRequested()).toMatchObject({ prompt: 'one' });
  });

  test('that do not come end the wait, at its deadline or when the API is closed', async () => {
    await ask(api.url, 'one');
    await expect(api.whenRequested(({ number }) => number > 1, { timeoutMs: 1 })).rejects.toThrow(
      'No such request came within 1 ms. There were: one',
    );
    const waiting = expect(api.whenRequested(({ number }) => number > 1)).rejects.toThrow('The fake API was closed.');
    await api.close();
    await waiting;
  });
});

test('a port that is taken is an error', async () => {
  await expect(startFakeApi({ port: api.port })).rejects.toThrow('EADDRINUSE');
});

test('the environment names the API, a key, and the number of retries where one is given', () => {
  expect(fakeApiEnvironment(api.url)).toMatchObject({ ANTHROPIC_BASE_URL: api.url, ANTHROPIC_API_KEY: 'test-key' });
  expect(fakeApiEnvironment(api.url)).not.toHaveProperty('CLAUDE_CODE_MAX_RETRIES');
  expect(fakeApiEnvironment(api.url, { maxRetries: 0 })).toMatchObject({ CLAUDE_CODE_MAX_RETRIES: '0' });
});
