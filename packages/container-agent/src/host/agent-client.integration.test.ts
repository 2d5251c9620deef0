import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NamedPipeChannel } from '@ccb/named-pipe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentHello, HostFrame } from '../protocol/frames.ts';
import { parseHostFrame } from '../protocol/host-frame.ts';
import { AgentClient } from './agent-client.ts';
import { begin, completed, end, text } from './testing/lines.ts';
import { RecordedAnswer } from './testing/recorded-answer.ts';
import { journalId, ScriptedAgent } from './testing/scripted-agent.ts';

let directory: string;
let path: string;
let agent: ScriptedAgent;
let client: AgentClient;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'agent-client-'));
  path = join(directory, 'p');
  const channel = await live();
  const connecting = AgentClient.connect(channel);
  await agent.greets();
  client = await connecting;
});

afterEach(async () => {
  await client.close();
  await agent.channel.close();
  rmSync(directory, { recursive: true });
});

/** A life of the agent begins; the host's end stays what it was. */
async function begins(): Promise<ScriptedAgent> {
  const options = { lock: false, keep: true, parse: parseHostFrame } as const;
  return new ScriptedAgent(await NamedPipeChannel.listen<HostFrame>(path, options));
}

async function live(): Promise<NamedPipeChannel> {
  agent = await begins();
  return await NamedPipeChannel.connect(path, { lock: false, lazy: true });
}

async function die(): Promise<void> {
  const down = new Promise<void>((resolve) => {
    const off = client.on('down', () => {
      off();
      resolve();
    });
  });
  await agent.channel.close();
  await down;
}

async function comeBack(hello: Partial<AgentHello> = {}): Promise<void> {
  agent = await begins();
  const up = client.whenUp();
  await agent.greets(hello);
  await up;
}

/** All that the agent has said so far was heard. */
async function heard(): Promise<void> {
  const pong = client.ping();
  const { n } = await agent.hears('ping');
  agent.says({ type: 'pong', n, program: 'running', lastSeq: 0 });
  await pong;
}

const question = (requestId: string, title = 'rm') => ({
  requestId,
  toolCall: { title },
  options: [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' as const }],
});
const asking = (requestId: string) => ({ type: 'asking', id: 'a', request: question(requestId) });

describe('a question that is open when the connection breaks', () => {
  it('is not put to the same person twice: the answer that comes later counts', async () => {
    const answer = new RecordedAnswer('a', { permission: 'ask' });
    client.feed(answer);
    agent.says(begin(1, 'a'), asking('r'));
    await heard();
    await die();
    await comeBack({ lastSeq: 1 });
    agent.says(asking('r'));
    await heard();
    expect(answer.asked).toHaveLength(1);
    answer.asked[0]?.decide('allow_once');
    expect(await agent.hears('permission')).toMatchObject({ requestId: 'r', answer: 'allow_once', by: 'handler' });
  });

  it('gets its answer when the agent is back, decided meanwhile or lost on the way', async () => {
    const answer = new RecordedAnswer('a', { permission: 'ask' });
    client.feed(answer);
    agent.says(begin(1, 'a'), asking('meanwhile'), asking('lost'));
    await heard();
    answer.asked[1]?.decide('allow_once');
    await agent.hears('permission');
    await die();
    answer.asked[0]?.decide('cancelled');
    await comeBack({ lastSeq: 1 });
    expect(agent.heard.map(({ type }) => type)).not.toContain('permission');
    agent.says(asking('meanwhile'), asking('lost'));
    const answers = [await agent.hears('permission'), await agent.hears('permission')];
    expect(answers).toMatchObject([
      { requestId: 'meanwhile', answer: 'cancelled' },
      { requestId: 'lost', answer: 'allow_once' },
    ]);
    expect(answer.asked).toHaveLength(2);
  });

  it('is forgotten where nobody was asked yet, until the agent asks again', async () => {
    agent.says(asking('r'));
    await heard();
    await die();
    await comeBack();
    const answer = new RecordedAnswer('a', { resumed: true, permission: 'ask' });
    client.feed(answer);
    await heard();
    expect(answer.asked).toEqual([]);
    agent.says(asking('r'));
    await heard();
    expect(answer.asked).toHaveLength(1);
  });
});

describe('an agent that dies and comes back', () => {
  it('is asked for the rest of what it had begun, never to run it again', async () => {
    const answer = new RecordedAnswer('a');
    client.feed(answer);
    agent.says(begin(1, 'a'), text(2, 'a', 'two '));
    await heard();
    await die();
    expect(client.isUp).toBe(false);
    await comeBack({ lastSeq: 4, configured: false });
    const { ref, id, after } = await agent.hears('resume');
    expect([id, after]).toEqual(['a', `${journalId}.2`]);
    // What the agent says before it goes back must not hide what lies between.
    agent.says(text(5, 'a', 'five '), { type: 'resumed', ref, after: 2, upTo: 5 });
    agent.says(text(3, 'a', 'three '), text(4, 'a', 'four '), text(5, 'a', 'five '), end(6, 'a'));
    expect(await answer.settlement).toEqual(completed('a'));
    expect(answer.output).toBe('two three four five ');
    expect(agent.heard.map(({ type }) => type)).not.toContain('command');
  });

  it('gets a command again whose begin was not seen, once it has its secrets', async () => {
    const answer = new RecordedAnswer('a');
    client.feed(answer);
    await agent.hears('command');
    await die();
    await comeBack({ lastSeq: 3, configured: false });
    const configuring = client.configure({});
    await agent.configures();
    await configuring;
    expect(await agent.hears('command')).toMatchObject({ id: 'a', text: 'run a' });
    expect(agent.heard.map(({ type }) => type)).toEqual(['hello', 'configure', 'command']);
    // It had begun after all: the agent goes back to where, after a line that came by itself.
    agent.says(text(4, 'a', 'four '), begin(2, 'a'), text(3, 'a', 'three '), text(4, 'a', 'four '), end(5, 'a'));
    await answer.settlement;
    expect(answer.output).toBe('three four ');
  });

  it('is told what was cancelled meanwhile', async () => {
    const [begun, unseen] = [new RecordedAnswer('a'), new RecordedAnswer('b')];
    client.feed(begun);
    client.feed(unseen);
    await agent.hears('command');
    await die();
    for (const answer of [begun, unseen]) {
      answer.cancelRequested = 'timeout';
      client.cancel(answer.id, 'timeout');
    }
    await comeBack();
    const ids = [(await agent.hears('cancel')).id, (await agent.hears('cancel')).id];
    expect(ids).toEqual(['a', 'b']);
    expect((await agent.hears('command')).id).toBe('a');
  });

  it('with another journal has lost the answers; what it was never asked for is sent', async () => {
    const answer = new RecordedAnswer('a');
    client.feed(answer);
    await agent.hears('command');
    await die();
    const later = new RecordedAnswer('b');
    client.feed(later);
    await comeBack({ journalId: 'zzzzzzzzzzzz' });
    expect(answer.error).toMatchObject({ code: 'CCB_JOURNAL_LOST', message: expect.stringContaining('new id') });
    expect(await agent.hears('command')).toMatchObject({ id: 'b' });
    agent.says(begin(1, 'b'), text(2, 'b', 'x'), end(3, 'b'));
    await later.settlement;
    expect(later.events[0]?.cursor).toBe('zzzzzzzzzzzz.2');
  });

  it('is waited for by all who wait, and lets the history go on where it was', async () => {
    const reader = client.history({ follow: true });
    const first = reader.next();
    const asked = await agent.hears('resume');
    agent.says({ type: 'resumed', ref: asked.ref, after: 0, upTo: 0 }, begin(1, 'a'));
    await first;
    await die();
    const waiting = Promise.all([client.whenUp(), client.whenUp({ timeoutMs: 60_000 })]);
    const short = client.whenUp({ timeoutMs: 5 });
    await expect(short).rejects.toMatchObject({ code: 'CCB_AGENT_UNREACHABLE' });
    await comeBack({ lastSeq: 2 });
    await waiting;
    const { ref, after } = await agent.hears('resume');
    expect(after).toBe(`${journalId}.1`);
    agent.says({ type: 'resumed', ref, after: 1, upTo: 2 }, text(2, 'a', 'two'));
    expect((await reader.next()).value).toMatchObject({ text: 'two' });
    await reader.return?.();
  });

  it('may have been refused before: who is no longer refused is up', async () => {
    await die();
    agent = await begins();
    const refused = expect(client.whenUp()).rejects.toMatchObject({ code: 'CCB_LOCKED' });
    await agent.greets({ busy: { host: 'other', since: 'noon' } });
    await refused;
    await agent.channel.close();
    agent = await begins();
    const up = new Promise((resolve) => client.on('up', resolve));
    await agent.greets();
    await up;
    await client.whenUp();
    expect(client.isUp).toBe(true);
  });
});
