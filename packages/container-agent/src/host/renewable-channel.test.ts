import type { StreamChannel } from '@ccb/named-pipe';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { HostFrame } from '../protocol/frames.ts';
import { AgentClient } from './agent-client.ts';
import { RenewableChannel } from './renewable-channel.ts';
import { Carrier, next } from './testing/carrier.ts';
import { begin, completed, end, text } from './testing/lines.ts';
import { RecordedAnswer } from './testing/recorded-answer.ts';
import { journalId, type ScriptedAgent } from './testing/scripted-agent.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

const { signal } = new AbortController();

interface Line {
  readonly channel: RenewableChannel;
  readonly carriers: Carrier[];
  /** The next opening fails with this. */
  refusal: Error | undefined;
}

function line(): Line {
  const carriers: Carrier[] = [];
  const made: Line = {
    carriers,
    refusal: undefined,
    channel: new RenewableChannel(async () => {
      if (made.refusal !== undefined) throw made.refusal;
      const carrier = new Carrier();
      carriers.push(carrier);
      return carrier.near;
    }),
  };
  undo.push(() => made.channel.close());
  return made;
}

async function renewed({ channel, carriers }: Line): Promise<{ carrier: Carrier; far: StreamChannel<HostFrame> }> {
  await channel.renew(signal);
  const carrier = carriers.at(-1) as Carrier;
  const far = carrier.answer();
  undo.push(() => far.close());
  await channel.whenUp();
  return { carrier, far };
}

describe('up and down', () => {
  it('is down until it is opened, and nothing is kept for later', async () => {
    const made = line();
    const { channel } = made;
    expect(channel.isUp).toBe(false);
    expect(await channel.send('lost')).toBe(false);
    expect(channel.write(Buffer.from('"lost"\n'))).toBe('down');
    const { far } = await renewed(made);
    const heard: unknown[] = [];
    far.subscribe((message) => heard.push(message));
    expect(await channel.send('kept')).toBe(true);
    channel.write(Buffer.from('"too"\n'));
    await vi.waitFor(() => expect(heard).toEqual(['kept', 'too']));
  });

  it('tells of each carrier once, to listeners of before and of later', async () => {
    const made = line();
    const { channel } = made;
    const events: string[] = [];
    channel.on('up', () => events.push('up'));
    channel.on('down', (reason) => events.push(reason));
    const never = channel.on('up', () => events.push('never'));
    never();
    const first = await renewed(made);
    channel.on('down', () => events.push('later'));
    await first.carrier.cut();
    expect(channel.isUp).toBe(false);
    await renewed(made);
    await channel.close();
    expect(events).toEqual(['up', 'eof', 'later', 'up', 'closed', 'later']);
  });

  it('waits across a renewal when a carrier was up and died', async () => {
    const made = line();
    const { carrier } = await renewed(made);
    await carrier.cut();
    const waiting = made.channel.whenUp();
    await expect(made.channel.whenUp({ timeoutMs: 10 })).rejects.toMatchObject({ code: 'CCB_PIPE_TIMEOUT' });
    await expect(made.channel.whenUp({ signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
    await expect(made.channel.whenUp({ signal: AbortSignal.timeout(10) })).rejects.toThrow(/timeout/);
    await renewed(made);
    await waiting;
  });

  it('says why to those who wait, and those who come, when a carrier dies before its peer has answered', async () => {
    const made = line();
    const waiting = expect(made.channel.whenUp()).rejects.toMatchObject({ code: 'CCB_PIPE_DOWN' });
    await made.channel.renew(signal);
    await made.carriers[0]?.cut();
    await waiting;
    await expect(made.channel.whenUp()).rejects.toMatchObject({ code: 'CCB_PIPE_DOWN' });
    await renewed(made);
  });

  it('says why when no carrier can be opened, and tries again when told so', async () => {
    const made = line();
    made.refusal = new Error('no relay');
    const waiting = expect(made.channel.whenUp()).rejects.toBe(made.refusal);
    await expect(made.channel.renew(signal)).rejects.toBe(made.refusal);
    await waiting;
    await expect(made.channel.whenUp()).rejects.toBe(made.refusal);
    made.refusal = undefined;
    await renewed(made);
  });

  it('tells of a carrier that was up when it came', async () => {
    const carrier = new Carrier();
    const channel = new RenewableChannel(async () => carrier.near);
    undo.push(() => channel.close());
    const far = carrier.answer();
    await carrier.near.whenUp();
    await far.send('waits for its reader');
    const events: unknown[] = [];
    channel.on('up', () => events.push('up'));
    channel.subscribe((message) => events.push(message));
    const waiting = channel.whenUp();
    await channel.renew(signal);
    await waiting;
    await vi.waitFor(() => expect(events).toEqual(['up', 'waits for its reader']));
  });
});

describe('renewing', () => {
  it('leaves a carrier alone that is up, and closes one that is not', async () => {
    const made = line();
    await made.channel.renew(signal);
    await made.channel.renew(signal);
    expect(made.carriers).toHaveLength(2);
    await expect(made.carriers[0]?.near.whenUp()).rejects.toMatchObject({ code: 'CCB_PIPE_CLOSED' });
    made.carriers[1]?.answer();
    await made.channel.whenUp();
    await made.channel.renew(signal);
    expect(made.carriers).toHaveLength(2);
  });

  it('ends with its signal, with a later renewal and with close; what is opened too late is closed', async () => {
    const late: { carrier: Carrier; open(): void }[] = [];
    const channel = new RenewableChannel(
      () =>
        new Promise((resolve) => {
          const carrier = new Carrier();
          late.push({ carrier, open: () => resolve(carrier.near) });
        }),
    );
    const given = new AbortController();
    const first = expect(channel.renew(given.signal)).rejects.toBe('enough');
    await vi.waitFor(() => expect(late).toHaveLength(1));
    given.abort('enough');
    await first;
    const second = expect(channel.renew(signal)).rejects.toMatchObject({ code: 'CCB_PIPE_DOWN' });
    await vi.waitFor(() => expect(late).toHaveLength(2));
    const third = expect(channel.renew(signal)).rejects.toMatchObject({ code: 'CCB_PIPE_CLOSED' });
    await second;
    await vi.waitFor(() => expect(late).toHaveLength(3));
    await channel.close();
    await third;
    for (const { carrier, open } of late) {
      open();
      await expect(carrier.near.whenUp()).rejects.toMatchObject({ code: 'CCB_PIPE_CLOSED' });
    }
    await expect(channel.renew(signal)).rejects.toMatchObject({ code: 'CCB_PIPE_CLOSED' });
  });
});

describe('reading', () => {
  it('goes on from carrier to carrier with one subscription', async () => {
    const made = line();
    const heard: unknown[] = [];
    const unsubscribe = made.channel.subscribe((message) => heard.push(message));
    expect(() => made.channel.subscribe(() => {})).toThrow(TypeError);
    const first = await renewed(made);
    await first.far.send('one');
    await vi.waitFor(() => expect(heard).toEqual(['one']));
    await first.carrier.cut();
    const second = await renewed(made);
    await second.far.send('two');
    await vi.waitFor(() => expect(heard).toEqual(['one', 'two']));
    unsubscribe();
    made.channel.subscribe((message) => heard.push(message, 'other'));
    await second.far.send('three');
    await vi.waitFor(() => expect(heard).toEqual(['one', 'two', 'three', 'other']));
  });

  it('stays paused over a renewal', async () => {
    const made = line();
    const heard: unknown[] = [];
    made.channel.subscribe((message) => heard.push(message));
    const first = await renewed(made);
    made.channel.pause();
    await first.carrier.cut();
    const { far } = await renewed(made);
    await far.send('held');
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual([]);
    made.channel.resume();
    await vi.waitFor(() => expect(heard).toEqual(['held']));
  });

  it('gives messages one by one, in order, across carriers, and ends with close', async () => {
    const made = line();
    const messages = made.channel.messages();
    expect(() => made.channel.messages()).toThrow(TypeError);
    const first = await renewed(made);
    for (const n of [1, 2, 3]) await first.far.send(n);
    for (const n of [1, 2, 3]) expect(await messages.next()).toEqual({ done: false, value: n });
    const waiting = messages.next();
    await first.carrier.cut();
    const second = await renewed(made);
    for (const n of [4, 5]) await second.far.send(n);
    expect(await waiting).toEqual({ done: false, value: 4 });
    await made.channel.close();
    const rest: unknown[] = [];
    for await (const message of messages) rest.push(message);
    expect(rest).toEqual([5]);
  });

  it('holds the peer back while nobody asks for more', async () => {
    const made = line();
    const { far } = await renewed(made);
    const messages = made.channel.messages();
    const sent = 'x'.repeat(100_000);
    let handedOver = 0;
    const sending = (async () => {
      for (let n = 0; n < 40; n += 1) if (await far.send(`${n} ${sent}`)) handedOver += 1;
    })();
    expect((await messages.next()).value).toMatch(/^0 /);
    // Until nothing moves any more.
    for (let before = -1; before !== handedOver; ) {
      before = handedOver;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(handedOver).toBeLessThan(25);
    for (let n = 1; n < 40; n += 1) expect((await messages.next()).value).toMatch(new RegExp(`^${n} `));
    await sending;
  });

  it('ends with the reason of its signal, and another reader may come', async () => {
    const made = line();
    const { far } = await renewed(made);
    const given = new AbortController();
    const reading = expect(made.channel.messages({ signal: given.signal }).next()).rejects.toBe('enough');
    given.abort('enough');
    await reading;
    await expect(made.channel.messages({ signal: AbortSignal.abort('never') }).next()).rejects.toBe('never');
    await far.send('late');
    for await (const message of made.channel.messages()) {
      expect(message).toBe('late');
      break;
    }
    made.channel.subscribe(() => {})();
  });
});

it('an answer streams exactly over carriers that die in the middle of it', async () => {
  const made = line();
  await made.channel.renew(signal);
  let agent = made.carriers[0]?.agent() as ScriptedAgent;
  const connecting = AgentClient.connect(made.channel);
  await agent.greets();
  const client = await connecting;
  undo.push(() => client.close());
  const answer = new RecordedAnswer('a');
  client.feed(answer);
  await agent.hears('command');
  agent.says(begin(1, 'a'), text(2, 'a', 'one '));
  await vi.waitFor(() => expect(answer.output).toBe('one '));

  for (let life = 1; life <= 3; life += 1) {
    const seq = life + 1;
    agent.saysRaw(`{"type":"event","seq":${seq + 1},"id":"a","ev`);
    await made.carriers.at(-1)?.cut();
    expect(client.isUp).toBe(false);
    await made.channel.renew(signal);
    agent = made.carriers.at(-1)?.agent() as ScriptedAgent;
    const up = client.whenUp();
    await agent.greets({ lastSeq: seq });
    await up;
    const { ref, id, after } = await agent.hears('resume');
    expect([id, after]).toEqual(['a', `${journalId}.${seq}`]);
    agent.says({ type: 'resumed', ref, after: seq, upTo: seq }, text(seq + 1, 'a', `life ${life} `));
    await vi.waitFor(() => expect(answer.output).toMatch(new RegExp(`life ${life} $`)));
  }
  agent.says(end(6, 'a'));
  expect(await answer.settlement).toEqual(completed('a'));
  expect(answer.output).toBe('one life 1 life 2 life 3 ');
});

it('leaves nothing on its carriers when it is closed', async () => {
  const made = line();
  const { carrier, far } = await renewed(made);
  const gone = next(far, 'down');
  await Promise.all([made.channel.close(), made.channel.close()]);
  expect(await gone).toBe('eof');
  expect(carrier.near.isUp).toBe(false);
  await expect(made.channel.whenUp()).rejects.toMatchObject({ code: 'CCB_PIPE_CLOSED' });
  await expect(made.channel.send('x')).rejects.toMatchObject({ code: 'CCB_PIPE_CLOSED' });
  expect(() => made.channel.write(Buffer.from('"x"\n'))).toThrow(/closed/);
});
