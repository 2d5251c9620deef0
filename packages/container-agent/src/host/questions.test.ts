import { PassThrough } from 'node:stream';
import type { PermissionHandler, PermissionRequest } from '@ccb/instance-interface';
import { StreamChannel } from '@ccb/named-pipe';
import { afterEach, describe, expect, it } from 'vitest';
import type { HostFrame } from '../protocol/frames.ts';
import { AgentClient } from './agent-client.ts';
import type { ConnectOptions } from './connection.ts';
import { Questions } from './questions.ts';
import { begin, end } from './testing/lines.ts';
import { RecordedAnswer } from './testing/recorded-answer.ts';
import { connected, ScriptedAgent } from './testing/scripted-agent.ts';

const open: AgentClient[] = [];
afterEach(async () => {
  for (const client of open.splice(0)) await client.close();
});

interface Scene {
  readonly client: AgentClient;
  readonly agent: ScriptedAgent;
}

async function scene(options: ConnectOptions = {}): Promise<Scene> {
  const { channel, agent } = connected();
  const connecting = AgentClient.connect(channel, options);
  await agent.greets();
  const client = await connecting;
  open.push(client);
  return { client, agent };
}

/** All that the agent has said so far was heard, and what follows from it was said. */
async function heard({ client, agent }: Scene): Promise<void> {
  const pong = client.ping();
  agent.says({ type: 'pong', n: (await agent.hears('ping')).n, program: 'running', lastSeq: 0 });
  await pong;
  await new Promise((resolve) => setImmediate(resolve));
}

const question = (requestId = 'r', title = 'rm'): PermissionRequest => ({
  requestId,
  toolCall: { title },
  options: [
    { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
    { optionId: 'no', name: 'No', kind: 'reject_once' },
  ],
});
const asking = (request = question(), id = 'a') => ({ type: 'asking', id, request });
const resolved = (seq: number, requestId = 'r') => ({
  type: 'event',
  seq,
  id: 'a',
  at: '2026-01-01T00:00:00.000Z',
  event: { type: 'permission_resolved', requestId, optionId: 'yes', by: 'handler' },
});
const answersOf = (agent: ScriptedAgent) =>
  agent.heard.flatMap((frame) => (frame.type === 'permission' ? [{ ...frame }] : []));

describe('a command', () => {
  it.each<[string, 'deny' | 'allow' | PermissionHandler | undefined, string | undefined]>([
    ['nothing is said', undefined, undefined],
    ['it denies', 'deny', undefined],
    ['it allows', 'allow', 'allow'],
    ['a handler decides', () => 'cancelled', 'ask'],
  ])('tells the agent who answers, where %s', async (_, permission, expected) => {
    const { client, agent } = await scene();
    client.run('x', { permission });
    expect((await agent.hears('command')).permission).toBe(expected);
  });
});

describe('a question', () => {
  it('is put to the handler of its command, and its answer told with who decided', async () => {
    const { client, agent } = await scene();
    const asked: unknown[] = [];
    const handler: PermissionHandler = (request, { commandId }) => {
      asked.push([commandId, request]);
      return { optionId: 'yes' };
    };
    client.run('x', { id: 'a', permission: handler });
    agent.says(begin(1, 'a'), asking());
    expect(await agent.hears('permission')).toEqual({
      type: 'permission',
      id: 'a',
      requestId: 'r',
      answer: { optionId: 'yes' },
      by: 'handler',
    });
    expect(asked).toEqual([['a', question()]]);
  });

  it.each<[string, PermissionHandler]>([
    ['throws', () => Promise.reject(new Error('no terminal'))],
    ['answers with what was not offered', () => 'allow_always'],
  ])('is denied where the handler %s', async (_, permission) => {
    const { client, agent } = await scene();
    client.run('x', { id: 'a', permission });
    agent.says(begin(1, 'a'), asking());
    expect(await agent.hears('permission')).toMatchObject({ answer: 'reject_once', by: 'policy' });
  });

  it('is asked once, however often the agent asks, and answered once', async () => {
    const both = await scene();
    const answer = new RecordedAnswer('a', { permission: 'ask' });
    both.client.feed(answer);
    both.agent.says(begin(1, 'a'), asking(), asking());
    await heard(both);
    expect(answer.asked).toHaveLength(1);
    answer.asked[0]?.decide('allow_once');
    await both.agent.hears('permission');
    both.agent.says(asking());
    await heard(both);
    expect([answer.asked.length, answersOf(both.agent).length]).toEqual([1, 1]);
  });

  it('is another one when it is another, though its id was used before', async () => {
    const both = await scene();
    const answer = new RecordedAnswer('a', { permission: 'ask' });
    both.client.feed(answer);
    both.agent.says(begin(1, 'a'), asking(question('r', 'ls')));
    await heard(both);
    both.agent.says(asking(question('r', 'rm while ls is asked')));
    await heard(both);
    expect(answer.asked).toHaveLength(1);
    answer.asked[0]?.decide('allow_once');
    await heard(both);
    both.agent.says(asking(question('r', 'rm')));
    await heard(both);
    answer.asked[1]?.decide('reject_once');
    await heard(both);
    expect(answersOf(both.agent)).toMatchObject([{ answer: 'allow_once' }, { answer: 'reject_once' }]);
    both.agent.says(resolved(2), asking(question('r', 'rm')));
    await heard(both);
    expect(answer.asked.map(({ request }) => request.toolCall.title)).toEqual(['ls', 'rm', 'rm']);
  });

  it('beside another one has an answer of its own', async () => {
    const both = await scene();
    const answer = new RecordedAnswer('a', { permission: 'ask' });
    both.client.feed(answer);
    both.agent.says(begin(1, 'a'), asking(question('one')), asking(question('two')));
    await heard(both);
    answer.asked[1]?.decide('reject_once');
    answer.asked[0]?.decide('allow_once');
    await heard(both);
    expect(answersOf(both.agent).map(({ requestId, answer }) => [requestId, answer])).toEqual([
      ['two', 'reject_once'],
      ['one', 'allow_once'],
    ]);
  });

  it.each<['deny' | 'allow' | PermissionHandler, string, string]>([
    ['deny', 'reject_once', 'policy'],
    ['allow', 'allow_once', 'policy'],
    [() => 'allow_once', 'allow_once', 'handler'],
  ])('that nobody follows waits for who resumes the command: %s', async (permission, answer, by) => {
    const both = await scene();
    both.agent.says(asking(), asking(question(), 'b'));
    await heard(both);
    both.client.resume('a', { permission });
    expect(await both.agent.hears('permission')).toMatchObject({ id: 'a', answer, by });
    await heard(both);
    expect(answersOf(both.agent)).toHaveLength(1);
  });

  it('goes to the next who follows when the first lets go without a decision', async () => {
    const both = await scene();
    const first = new AbortController();
    const asked: AbortSignal[] = [];
    const handler: PermissionHandler = (_, { signal }) => {
      asked.push(signal);
      return new Promise(() => {});
    };
    both.client.resume('a', { permission: handler, signal: first.signal });
    both.client.resume('a', { permission: 'allow' });
    both.agent.says(asking());
    await heard(both);
    expect([asked.length, answersOf(both.agent)]).toEqual([1, []]);
    first.abort();
    expect(await both.agent.hears('permission')).toMatchObject({ answer: 'allow_once', by: 'policy' });
    expect(asked[0]?.aborted).toBe(true);
  });

  it('whose command ends before the handler has decided gets no answer', async () => {
    const both = await scene();
    const answer = new RecordedAnswer('a', { permission: 'ask' });
    both.client.feed(answer);
    both.agent.says(begin(1, 'a'), asking(), end(2, 'a'));
    await heard(both);
    answer.asked[0]?.decide('allow_once');
    await heard(both);
    expect(answersOf(both.agent)).toEqual([]);
  });

  it('is not lost when a replay tells of an older one with its id', async () => {
    const both = await scene();
    const answer = new RecordedAnswer('a', { permission: 'ask' });
    both.client.feed(answer);
    both.agent.says(begin(1, 'a'), asking(), resolved(2));
    await heard(both);
    answer.asked[0]?.decide('allow_once');
    await both.agent.hears('permission');
  });

  it('of a command that has ended is not put to who reads that again', async () => {
    const both = await scene();
    const answer = new RecordedAnswer('a', { permission: 'ask' });
    both.client.feed(answer);
    both.agent.says(begin(1, 'a'), asking(), asking(question('s')), end(2, 'a'));
    await heard(both);
    const again = new RecordedAnswer('a', { resumed: true, permission: 'ask' });
    both.client.feed(again);
    await heard(both);
    expect(again.asked).toEqual([]);
  });

  it('gets no answer from a host that lets go: the command goes on, and another host is asked', async () => {
    const both = await scene();
    const answer = new RecordedAnswer('a', { permission: 'ask' });
    both.client.feed(answer);
    both.agent.says(begin(1, 'a'), asking());
    await heard(both);
    const down = new Promise((resolve) => both.agent.channel.on('down', resolve));
    await both.client.close();
    await down;
    expect(answersOf(both.agent)).toEqual([]);
  });

  it('is nothing to one who only looks on', async () => {
    const both = await scene({ observe: true });
    both.client.resume('a', { permission: 'allow' });
    both.agent.says(asking());
    await heard(both);
    expect(answersOf(both.agent)).toEqual([]);
  });
});

describe('an agent that asks without end', () => {
  it('and never reads gets no further answers', async () => {
    const [there, back] = [new PassThrough(), new PassThrough()];
    const events: string[] = [];
    const channel = new StreamChannel({ readable: back, writable: there });
    const far = new StreamChannel<HostFrame>({ readable: there, writable: back });
    const connecting = AgentClient.connect(channel, { log: ({ event }) => events.push(event) });
    const agent = new ScriptedAgent(far);
    await agent.greets();
    const client = await connecting;
    open.push(client);
    client.resume('a', { permission: 'allow' });
    await agent.hears('resume');
    far.pause();
    for (let n = 0; n < 2_000; n += 1) {
      agent.says(asking(question(`${n}`)));
      if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    far.resume();
    expect(events).toContain('agent.answer_dropped');
  });

  it('does not fill the memory, and asks a person no more than two hundred things at once', () => {
    const dropped: string[] = [];
    const answer = new RecordedAnswer('a', { permission: 'ask' });
    const following = new Map([['a', [answer]]]);
    const questions = new Questions({
      following: (id) => following.get(id) ?? [],
      send: () => 'sent',
      note: (_level, event) => dropped.push(event),
    });
    const ask = (id: string, requestId: string): void => {
      questions.asked({ type: 'asking', id, request: question(requestId) });
    };
    for (let n = 0; n < 1_000; n += 1) ask('nobody follows', `${n}`);
    expect([questions.size, dropped]).toEqual([200, []]);
    for (let n = 0; n < 1_000; n += 1) ask('a', `${n}`);
    expect([questions.size, answer.asked.length, new Set(dropped)]).toEqual([
      200,
      200,
      new Set(['agent.question_dropped']),
    ]);
    questions.disconnected();
    expect(questions.size).toBe(200);
    questions.line(end(1, 'a'));
    expect(questions.size).toBe(0);
  });

  it('at great length is kept up to sixteen million characters', () => {
    const questions = new Questions({ following: () => [], send: () => 'sent', note: () => {} });
    const title = 'x'.repeat(1_000_000);
    for (let n = 0; n < 100; n += 1) {
      const request = { ...question(`${n}`), toolCall: { title } };
      questions.asked({ type: 'asking', id: 'nobody follows', request });
      questions.asked({
        type: 'asking',
        id: 'nobody follows',
        request: { ...request, toolCall: { title: `${title}?` } },
      });
    }
    expect(questions.size).toBe(16);
  });
});
