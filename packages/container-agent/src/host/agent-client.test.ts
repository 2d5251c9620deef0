import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { InstanceError } from '@ccb/instance-interface';
import { StreamChannel } from '@ccb/named-pipe';
import { afterEach, describe, expect, it } from 'vitest';
import { AgentClient } from './agent-client.ts';
import type { ConnectOptions } from './connection.ts';
import { begin, completed, end, text } from './testing/lines.ts';
import { RecordedAnswer } from './testing/recorded-answer.ts';
import { connected, journalId, type ScriptedAgent } from './testing/scripted-agent.ts';

const open: AgentClient[] = [];
afterEach(async () => {
  for (const client of open.splice(0)) await client.close();
});

interface Scene {
  readonly client: AgentClient;
  readonly agent: ScriptedAgent;
}

async function scene(options: ConnectOptions & { readonly lastSeq?: number } = {}): Promise<Scene> {
  const { channel, agent } = connected();
  const connecting = AgentClient.connect(channel, options);
  await agent.greets({ lastSeq: options.lastSeq ?? 0 });
  const client = await connecting;
  open.push(client);
  return { client, agent };
}

/** All that the agent has said so far was heard. */
async function heard({ client, agent }: Scene): Promise<void> {
  const pong = client.ping();
  const { n } = await agent.hears('ping');
  agent.says({ type: 'pong', n, program: 'running', lastSeq: 0 });
  await pong;
}

describe('connecting', () => {
  it('gives what the agent says of itself', async () => {
    const { client } = await scene({ lastSeq: 4 });
    expect(client.hello).toMatchObject({ agentVersion: 'scripted', journalId, lastSeq: 4 });
    expect(client.isUp).toBe(true);
    expect(await client.whenUp()).toBe(client.hello);
  });

  it('is refused with CCB_LOCKED while another host holds the agent, and says which and what to do', async () => {
    const { channel, agent } = connected();
    const connecting = AgentClient.connect(channel);
    await agent.greets({ busy: { host: 'other', since: 'noon' } });
    await expect(connecting).rejects.toMatchObject({
      code: 'CCB_LOCKED',
      retryable: true,
      message: expect.stringMatching(/other.*noon.*observe/),
    });
    expect(channel.isUp).toBe(false);
  });

  it.each([
    ['says that it speaks a later version', { type: 'hello', protocol: 2, configured: true }],
    ['says hello in a way of its own', { type: 'hello', protocol: 2, greeting: 'hi' }],
    [
      'refuses this one',
      { type: 'refused', code: 'CCB_PROTOCOL_MISMATCH', message: 'stop and start the instance', retryable: false },
    ],
  ])('to an agent of tomorrow that %s is CCB_PROTOCOL_MISMATCH, with what to do', async (_, answer) => {
    const { channel, agent } = connected();
    const connecting = AgentClient.connect(channel);
    await agent.hears('hello');
    const rest = { agentVersion: '9', journalId, lastSeq: 0, ackedSeq: 0, program: 'p' };
    agent.says('greeting' in answer ? answer : { ...rest, ...answer });
    await expect(connecting).rejects.toMatchObject({
      code: 'CCB_PROTOCOL_MISMATCH',
      message: expect.stringMatching(/stop and start the instance/),
    });
  });

  it('passes any other refusal on', async () => {
    const { channel, agent } = connected();
    const connecting = AgentClient.connect(channel);
    await agent.hears('hello');
    agent.says({ type: 'refused', code: 'CCB_STOPPED', message: 'ending', retryable: true });
    await expect(connecting).rejects.toMatchObject({ code: 'CCB_STOPPED', retryable: true, message: 'ending' });
  });

  it('to nobody is CCB_AGENT_UNREACHABLE at the deadline', async () => {
    const channel = new StreamChannel({ readable: new PassThrough(), writable: new PassThrough() });
    await expect(AgentClient.connect(channel, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'CCB_AGENT_UNREACHABLE',
      message: expect.stringContaining('within 20 ms'),
    });
  });

  it('over a stream that ends is CCB_AGENT_UNREACHABLE at once', async () => {
    const readable = new PassThrough();
    const channel = new StreamChannel({ readable, writable: new PassThrough() });
    const connecting = AgentClient.connect(channel);
    readable.end();
    await expect(connecting).rejects.toMatchObject({ code: 'CCB_AGENT_UNREACHABLE' });
  });

  it('ends with the reason of its signal', async () => {
    const channel = new StreamChannel({ readable: new PassThrough(), writable: new PassThrough() });
    const connecting = AgentClient.connect(channel, { signal: AbortSignal.abort('enough') });
    await expect(connecting).rejects.toBe('enough');
  });

  it('heeds no hello that it did not ask for', async () => {
    const both = await scene();
    const hello = { ...both.client.hello, busy: { host: 'other', since: 'noon' } };
    both.agent.says(hello, { ...hello, journalId: 'zzzzzzzzzzzz', busy: undefined });
    await heard(both);
    expect(both.client.hello.journalId).toBe(journalId);
    expect(both.client.isUp).toBe(true);
  });
});

describe('questions', () => {
  it('are answered each by its own answer', async () => {
    const { client, agent } = await scene();
    const pings = [client.ping(), client.ping()];
    const [first, second] = [await agent.hears('ping'), await agent.hears('ping')];
    for (const [n, pid] of [
      [second.n, 22],
      [first.n, 11],
    ]) {
      agent.says({ type: 'pong', n, pid, program: 'running', lastSeq: 0 });
    }
    expect((await Promise.all(pings)).map(({ pid }) => pid)).toEqual([11, 22]);
    const interrupted = client.interrupt();
    agent.says({ type: 'interrupted', ref: (await agent.hears('interrupt')).ref, id: 'c' });
    expect(await interrupted).toBe('c');
  });

  it('end at their deadline with CCB_TIMEOUT', async () => {
    const { client } = await scene();
    await expect(client.ping({ timeoutMs: 10 })).rejects.toMatchObject({ code: 'CCB_TIMEOUT', retryable: true });
    await expect(client.interrupt({ timeoutMs: 10 })).rejects.toMatchObject({ code: 'CCB_TIMEOUT' });
  });

  it('end when the agent goes, and are not even asked while it is away', async () => {
    const { client, agent } = await scene();
    const ping = client.ping();
    const gone = expect(ping).rejects.toMatchObject({ code: 'CCB_BACKEND_UNREACHABLE', retryable: true });
    await agent.channel.close();
    await gone;
    await expect(client.ping()).rejects.toMatchObject({ code: 'CCB_BACKEND_UNREACHABLE' });
    expect(() => client.hello).toThrow(expect.objectContaining({ code: 'CCB_AGENT_UNREACHABLE' }));
  });

  it('of two configurations at once are both answered', async () => {
    const { client, agent } = await scene();
    const both = Promise.all([client.configure({ A: '1' }), client.configure({ A: '1' })]);
    await agent.hears('configure');
    await agent.configures();
    await both;
  });

  it('bring a refused configuration back as what it is', async () => {
    const { client, agent } = await scene();
    const configuring = client.configure({ A: '1' });
    expect((await agent.hears('configure')).secrets).toEqual({ A: '1' });
    agent.says({ type: 'refused', code: 'CCB_SECRET_MISSING', message: 'B is missing', retryable: false });
    await expect(configuring).rejects.toMatchObject({ code: 'CCB_SECRET_MISSING', message: 'B is missing' });
    expect(client.isUp).toBe(true);
  });

  it('do not carry secrets that the agent would only drop, and do not tell their values', async () => {
    const { client } = await scene();
    await expect(client.configure({ 'not-a-name': 'x' })).rejects.toThrow(TypeError);
    await expect(client.configure({ NAME: 'secret\0' })).rejects.toThrow(
      /^protocol: secrets\.NAME must be a string without NUL$/,
    );
  });

  it('ask for the end with a whole number of milliseconds, and are answered by it', async () => {
    const { client, agent } = await scene();
    const ending = client.shutdown({ graceMs: 1.5 });
    expect((await agent.hears('shutdown')).graceMs).toBe(2);
    await agent.channel.close();
    await ending;
    await client.shutdown();
  });
});

describe('an answer', () => {
  it('is asked for, fed in order, and ended', async () => {
    const both = await scene({ lastSeq: 9 });
    const answer = new RecordedAnswer('a');
    both.client.feed(answer);
    expect(await both.agent.hears('command')).toMatchObject({ id: 'a', text: 'run a', stderr: 'separate' });
    both.agent.says(
      begin(10, 'a'),
      text(11, 'a', 'one '),
      text(12, 'b', 'of another'),
      text(13, 'a', 'two'),
      end(14, 'a'),
    );
    expect(await answer.settlement).toEqual(completed('a'));
    expect(answer.output).toBe('one two');
    expect(answer.events[0]).toMatchObject({ cursor: `${journalId}.11`, type: 'text' });
    answer.take();
    expect(both.client.following).toBe(0);
  });

  it('gets a line that was lost when the agent is asked for it again', async () => {
    const { client, agent } = await scene();
    const answer = new RecordedAnswer('a');
    client.feed(answer);
    agent.says(begin(1, 'a'), text(2, 'a', '2'), text(4, 'a', '4'), text(5, 'a', '5'));
    const { ref, after } = await agent.hears('resume');
    expect(after).toBe(`${journalId}.2`);
    agent.says(
      { type: 'resumed', ref, after: 2, upTo: 5 },
      text(3, 'a', '3'),
      text(4, 'a', '4'),
      text(5, 'a', '5'),
      end(6, 'a'),
    );
    await answer.settlement;
    expect(answer.output).toBe('2345');
  });

  it('gets a line that could not be read, asked for once', async () => {
    const { client, agent } = await scene();
    const answer = new RecordedAnswer('a');
    client.feed(answer);
    agent.says(begin(1, 'a'));
    agent.saysRaw('{"type":"event","seq":2,\n\xff{]\n');
    agent.says({ type: 'event', seq: 4 }, text(5, 'a', '5'));
    const { ref, after } = await agent.hears('resume');
    agent.says(
      { type: 'resumed', ref, after: 1, upTo: 5 },
      ...[2, 3, 4, 5].map((seq) => text(seq, 'a', `${seq}`)),
      end(6, 'a'),
    );
    await answer.settlement;
    expect([after, answer.output]).toEqual([`${journalId}.1`, '2345']);
    expect(agent.heard.filter(({ type }) => type === 'resume')).toHaveLength(1);
  });

  it('fails with CCB_PROTOCOL when the agent cannot give a line, and the next command runs', async () => {
    const { client, agent } = await scene();
    const answer = new RecordedAnswer('a');
    client.feed(answer);
    agent.says(begin(1, 'a'), text(3, 'a', '3'));
    for (let round = 0; round < 3; round += 1) {
      const { ref } = await agent.hears('resume');
      agent.says({ type: 'resumed', ref, after: 1, upTo: 3 }, text(3, 'a', '3'));
    }
    expect(await answer.settlement).toMatchObject({ code: 'CCB_PROTOCOL', message: expect.stringContaining('line 2') });
    const next = new RecordedAnswer('b');
    client.feed(next);
    agent.says(begin(4, 'b'), text(5, 'b', 'well'), end(6, 'b'));
    await next.settlement;
    expect(next.output).toBe('well');
  });

  it('fails when the agent refuses to go back for a line', async () => {
    const { client, agent } = await scene();
    const answer = new RecordedAnswer('a');
    client.feed(answer);
    agent.says(begin(1, 'a'), text(3, 'a', '3'));
    const { ref } = await agent.hears('resume');
    agent.says({ type: 'refused', ref, code: 'CCB_JOURNAL_GAP', message: 'rotated away', retryable: false });
    expect(await answer.settlement).toMatchObject({ code: 'CCB_JOURNAL_GAP' });
    const next = new RecordedAnswer('b');
    client.feed(next);
    agent.says(begin(4, 'b'));
    const again = await agent.hears('resume');
    expect(again.after).toBe(`${journalId}.1`);
    agent.says(
      { type: 'resumed', ref: again.ref, after: 1, upTo: 4 },
      text(2, 'a', '2'),
      end(3, 'a'),
      begin(4, 'b'),
      end(5, 'b'),
    );
    expect(await next.settlement).toEqual(completed('b'));
  });

  it('that is resumed begins after the cursor, whatever comes in between', async () => {
    const { client, agent } = await scene({ lastSeq: 20 });
    const answer = new RecordedAnswer('a', { resumed: true, after: `${journalId}.10` });
    client.feed(answer);
    const { ref, id, after } = await agent.hears('resume');
    expect([id, after]).toEqual(['a', `${journalId}.10`]);
    agent.says(text(21, 'a', '21'), { type: 'resumed', ref, after: 10, upTo: 21 });
    for (let seq = 11; seq <= 21; seq += 1) agent.says(text(seq, 'a', `${seq} `));
    agent.says(end(22, 'a'));
    await answer.settlement;
    expect(answer.output).toBe('11 12 13 14 15 16 17 18 19 20 21 ');
  });

  it('that is resumed where there is nothing to resume is CCB_NOT_FOUND', async () => {
    const { client, agent } = await scene();
    const answer = new RecordedAnswer('a', { resumed: true });
    client.feed(answer);
    const { ref } = await agent.hears('resume');
    agent.says({ type: 'refused', ref, code: 'CCB_NOT_FOUND', message: 'no command a', retryable: false });
    expect(await answer.settlement).toMatchObject({ code: 'CCB_NOT_FOUND' });
    expect(client.following).toBe(0);
  });

  it.each(['nonsense', 'x'.repeat(500)])('after what is no cursor fails here: %.20s', async (after) => {
    const { client, agent } = await scene();
    const answer = new RecordedAnswer('a', { resumed: true, after });
    client.feed(answer);
    expect(answer.error).toMatchObject({ code: 'CCB_JOURNAL_LOST', message: expect.stringContaining('Not a cursor') });
    await expect(client.history({ after, follow: true }).next()).rejects.toMatchObject({ code: 'CCB_JOURNAL_LOST' });
    expect(agent.heard.map(({ type }) => type)).toEqual(['hello']);
  });

  it('to a command that no line can carry fails here, with what to do', async () => {
    const { client } = await scene();
    const answer = new RecordedAnswer('a', { text: '\x01'.repeat(12 * 1024 * 1024) });
    client.feed(answer);
    expect(answer.error).toMatchObject({ code: 'CCB_PIPE', message: expect.stringContaining('file of the workspace') });
    expect(client.following).toBe(0);
  });

  it.each([
    ['CCB_CANCELLED', 'cancelled'],
    ['CCB_TIMEOUT', 'timeout'],
  ])('that is refused as %s before it began has an ordinary end', async (code, status) => {
    const { client, agent } = await scene();
    const answer = new RecordedAnswer('a');
    client.feed(answer);
    await agent.hears('command');
    agent.says({ type: 'refused', id: 'a', code, message: 'before it began', retryable: false });
    expect(await answer.settlement).toMatchObject({ status, success: false, error: { code } });
  });

  it('is not failed because somebody else used its id with another text', async () => {
    const { client, agent } = await scene();
    const [mine, other, again] = [
      new RecordedAnswer('a'),
      new RecordedAnswer('a', { text: 'other' }),
      new RecordedAnswer('a'),
    ];
    for (const answer of [mine, other, again]) client.feed(answer);
    agent.says({ type: 'refused', id: 'a', code: 'CCB_ID_CONFLICT', message: 'choose a new id', retryable: false });
    expect(await other.settlement).toMatchObject({ code: 'CCB_ID_CONFLICT' });
    agent.says(begin(1, 'a'), text(2, 'a', 'x'), end(3, 'a'));
    expect([await mine.settlement, await again.settlement]).toEqual([completed('a'), completed('a')]);
    expect([mine.output, again.output]).toEqual(['x', 'x']);
  });

  it('waits for the secrets where the agent has none yet', async () => {
    const { channel, agent } = connected();
    const connecting = AgentClient.connect(channel);
    await agent.greets({ configured: false });
    const client = await connecting;
    open.push(client);
    client.feed(new RecordedAnswer('a'));
    const configuring = client.configure({});
    await agent.configures();
    await configuring;
    await agent.hears('command');
    expect(agent.heard.map(({ type }) => type)).toEqual(['hello', 'configure', 'command']);
  });

  it('makes the agent wait while its reader is slow', async () => {
    const { client, agent } = await scene();
    const answer = new RecordedAnswer('a');
    client.feed(answer);
    answer.full = true;
    agent.says(begin(1, 'a'));
    await agent.hears('pause');
    answer.fill(false);
    await agent.hears('proceed');
  });
});

describe('run and resume', () => {
  it('need no instance', async () => {
    const { client, agent } = await scene();
    const stream = client.run('run a', { id: 'a', stderr: 'merge', timeoutMs: 60_000 });
    const sent = await agent.hears('command');
    expect(sent).toMatchObject({ id: 'a', text: 'run a', stderr: 'merge' });
    expect(sent.timeoutMs).toBeGreaterThan(50_000);
    agent.says(begin(1, 'a'), text(2, 'a', 'hi'), end(3, 'a'));
    const texts: string[] = [];
    for await (const each of stream) texts.push(each);
    expect([texts, stream.cursor, (await stream.result).success]).toEqual([['hi'], `${journalId}.2`, true]);
    const again = client.resume('a', { after: `${journalId}.1` });
    const { ref } = await agent.hears('resume');
    agent.says({ type: 'resumed', ref, after: 1, upTo: 3 }, text(2, 'a', 'hi'), end(3, 'a'));
    const events: string[] = [];
    for await (const event of again.events()) events.push(event.type);
    expect(events).toEqual(['text', 'end']);
    expect(client.following).toBe(0);
  });

  it.each([
    ['deadline', 'timeout'],
    ['signal', 'cancelled'],
    ['loop that is left', 'cancelled'],
  ])('ask for the end in the program at the %s', async (how, reason) => {
    const { client, agent } = await scene();
    const controller = new AbortController();
    const options = how === 'deadline' ? { timeoutMs: 20 } : { signal: controller.signal };
    const stream = client.run('run a', { ...options, id: 'a' });
    await agent.hears('command');
    agent.says(begin(1, 'a'), text(2, 'a', 'hi'));
    if (how === 'signal') controller.abort();
    if (how === 'loop that is left') for await (const _ of stream) break;
    expect(await agent.hears('cancel')).toEqual({ type: 'cancel', id: 'a', reason });
    agent.says(end(3, 'a'));
    await stream.result;
  });

  it('throw for a mistake of the caller, and send nothing whose signal has aborted', async () => {
    const { client, agent } = await scene();
    expect(() => client.run('')).toThrow(TypeError);
    expect(() => client.resume('')).toThrow(TypeError);
    expect(await client.run('x', { signal: AbortSignal.abort() }).result).toMatchObject({ status: 'cancelled' });
    expect(agent.heard.map(({ type }) => type)).toEqual(['hello']);
  });

  it('settle by their deadline though the agent is away', async () => {
    const { client, agent } = await scene();
    const stream = client.run('run a', { timeoutMs: 30 });
    await agent.hears('command');
    await agent.channel.close();
    expect(await stream.result).toMatchObject({
      status: 'timeout',
      error: { message: expect.stringContaining('away') },
    });
    expect(client.following).toBe(0);
  });

  it('reject with CCB_CLOSED when the client is closed, and the reader gets what came before', async () => {
    const both = await scene();
    const stream = both.client.run('run a', { id: 'a' });
    both.agent.says(begin(1, 'a'), text(2, 'a', 'hi'));
    await heard(both);
    await both.client.close();
    const texts: string[] = [];
    const reading = (async () => {
      for await (const each of stream) texts.push(each);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'CCB_CLOSED' });
    await expect(stream.result).rejects.toMatchObject({ code: 'CCB_CLOSED' });
    await expect(both.client.run('more').result).rejects.toMatchObject({ code: 'CCB_CLOSED' });
    expect(texts).toEqual(['hi']);
  });
});

describe('what is acknowledged', () => {
  it('goes along with the next command', async () => {
    const both = await scene();
    const answer = new RecordedAnswer('a');
    both.client.feed(answer);
    await both.agent.hears('command');
    both.agent.says(begin(1, 'a'), text(2, 'a', 'x'), end(3, 'a'));
    await answer.settlement;
    answer.take();
    both.client.feed(new RecordedAnswer('b'));
    expect(await both.agent.hears('command')).toMatchObject({ id: 'b', ack: 3 });
  });

  it('is said at the end', async () => {
    const { client, agent } = await scene();
    const answer = new RecordedAnswer('a');
    client.feed(answer);
    agent.says(begin(1, 'a'), text(2, 'a', 'x'), end(3, 'a'));
    await answer.settlement;
    answer.take(2);
    await client.close();
    expect((await agent.hears('ack')).seq).toBe(2);
  });

  it('is nothing by one who only looks on', async () => {
    const { client, agent } = await scene({ observe: true, silenceMs: 40 });
    const reader = client.history({ follow: true });
    const step = reader.next();
    const { ref } = await agent.hears('resume');
    agent.says({ type: 'resumed', ref, after: 0, upTo: 0 }, begin(1, 'a'));
    await step;
    expect((await agent.hears('ping')).ack).toBeUndefined();
    await client.close();
    expect(agent.heard.map(({ type }) => type)).not.toContain('ack');
  });
});

describe('history', () => {
  it('is read from where it is asked for, to what was there', async () => {
    const { client, agent } = await scene({ lastSeq: 3 });
    const entries: string[] = [];
    const reading = (async () => {
      for await (const entry of client.history({ follow: false, after: `${journalId}.1` })) entries.push(entry.type);
    })();
    const { ref, id, after } = await agent.hears('resume');
    expect([id, after]).toEqual([undefined, `${journalId}.1`]);
    agent.says({ type: 'resumed', ref, after: 1, upTo: 3 }, text(2, 'a', 'x'), end(3, 'a'));
    await reading;
    expect(entries).toEqual(['text', 'end']);
    expect(client.following).toBe(0);
  });

  it('leaves nothing behind when it is left, or aborted before it began', async () => {
    const { client } = await scene();
    const controller = new AbortController();
    const reader = client.history({ follow: true, signal: controller.signal });
    expect(client.following).toBe(0);
    const step = reader.next();
    expect(client.following).toBe(1);
    controller.abort('enough');
    await expect(step).rejects.toBe('enough');
    expect(client.following).toBe(0);
    await expect(client.history({ follow: true, signal: controller.signal }).next()).rejects.toBe('enough');
  });
});

describe('silence', () => {
  it('is noticed, and so is its end', async () => {
    const { client, agent } = await scene({ silenceMs: 40 });
    const said: string[] = [];
    client.on('silent', () => said.push('silent'));
    await new Promise<void>((resolve) => client.on('silent', resolve));
    const again = new Promise<void>((resolve) => client.on('heard', resolve));
    agent.says({ type: 'log', level: 'info', event: 'awake' });
    await again;
    expect(said).toEqual(['silent']);
  });
});

describe('closing', () => {
  it('ends answers, histories and questions with CCB_CLOSED, then and later', async () => {
    const { client } = await scene();
    const answer = new RecordedAnswer('a');
    client.feed(answer);
    const step = client.history({ follow: true }).next();
    const ping = client.ping();
    const ended = Promise.allSettled([step, ping]);
    await client.close();
    await client.close();
    const late = new RecordedAnswer('b');
    client.feed(late);
    const after = Promise.allSettled([client.history({ follow: true }).next(), client.ping(), client.whenUp()]);
    const errors = [...(await ended), ...(await after)].map((each) => (each as PromiseRejectedResult).reason);
    for (const error of [answer.error, late.error, ...errors]) expect(InstanceError.is(error, 'CCB_CLOSED')).toBe(true);
  });

  it('leaves no listener on the stream', async () => {
    const [readable, writable] = [new PassThrough(), new PassThrough()];
    const client = AgentClient.connect(new StreamChannel({ readable, writable }), { timeoutMs: 10 });
    await expect(client).rejects.toThrow();
    if (!readable.closed) await once(readable, 'close');
    expect([readable.listenerCount('data'), writable.listenerCount('drain')]).toEqual([0, 0]);
  });
});

describe('a log hook', () => {
  it('hears what the agent says and what of it could not be read, and may throw', async () => {
    const events: string[] = [];
    const both = await scene({
      log: ({ event }) => {
        events.push(event);
        throw new Error('hook');
      },
    });
    both.agent.says(
      { type: 'log', level: 'warn', event: 'program.exited', fields: { code: 1 } },
      { type: 'of tomorrow' },
    );
    await heard(both);
    expect(events).toEqual(['agent.program.exited', 'agent.invalid_line', 'agent.line_missing']);
  });
});
