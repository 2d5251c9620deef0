import { InstanceError } from '@ccb/instance-interface';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AgentLink } from './agent-link.ts';
import { RenewableChannel } from './renewable-channel.ts';
import { Carrier, next } from './testing/carrier.ts';
import { begin, completed, end, text } from './testing/lines.ts';
import { RecordedAnswer } from './testing/recorded-answer.ts';
import type { ScriptedAgent } from './testing/scripted-agent.ts';

const { signal } = new AbortController();
let link: AgentLink;
let channel: RenewableChannel;
let moves: string[];
let carriers: ((carrier: Carrier) => void)[];
/** Of the attempts to come. */
let failures: number;
let launched: () => void;

/** The next carrier that is opened. */
function opened(): Promise<Carrier> {
  return new Promise((resolve) => carriers.push(resolve));
}

async function serves(agent: ScriptedAgent, lastSeq: number): Promise<void> {
  await agent.greets({ lastSeq });
  await agent.configures();
}

beforeEach(() => {
  moves = [];
  carriers = [];
  failures = 0;
  launched = () => {};
  channel = new RenewableChannel(async () => {
    const carrier = new Carrier();
    carriers.shift()?.(carrier);
    return carrier.near;
  });
  link = new AgentLink(
    { name: 'box', secrets: {}, observing: false, reconnectMs: 30_000, silenceMs: undefined },
    {
      launch: async () => {
        launched();
        if (failures-- > 0) throw new InstanceError('CCB_BACKEND_UNREACHABLE', 'not yet', { retryable: true });
        return 'launched';
      },
      channel: async (call) => {
        await channel.renew(call.signal);
        return channel;
      },
      rejoin: (call) => channel.renew(call.signal),
      whenGone: () => new Promise(() => {}),
      idleDown: (reason) => moves.push(`idle ${reason}`),
      moved: (to: string, _reason: string, error?: InstanceError) => moves.push(error === undefined ? to : error.code),
      log: () => {},
    },
  );
});
afterEach(async () => {
  link.end();
  await link.close();
});

it('gives a channel a new carrier for the commands that are open, also when that one dies before the hello', async () => {
  const first = opened();
  const reaching = link.reach({ signal });
  const former = await first;
  const agent = former.agent();
  await serves(agent, 0);
  await reaching;
  const answer = new RecordedAnswer('a');
  link.client?.feed(answer);
  await agent.hears('command');
  agent.says(begin(1, 'a'), text(2, 'a', 'one '));
  await vi.waitFor(() => expect(answer.output).toBe('one '));

  const [second, third] = [opened(), opened()];
  await former.cut();
  const brief = await second;
  const up = next(channel, 'up');
  brief.answer();
  await up;
  await brief.cut();
  const back = (await third).agent();
  await back.greets({ lastSeq: 2 });
  const { ref } = await back.hears('resume');
  await back.configures();
  back.says({ type: 'resumed', ref, after: 2, upTo: 2 }, text(3, 'a', 'two'), end(4, 'a'));
  expect(await answer.settlement).toEqual(completed('a'));
  expect(answer.output).toBe('one two');
  await vi.waitFor(() => expect(moves).toEqual(['unreachable', 'running']));
});

it('brings it back at once when it hears that nothing is in the way any more', async () => {
  const first = opened();
  const reaching = link.reach({ signal });
  const former = await first;
  const agent = former.agent();
  await serves(agent, 0);
  await reaching;
  const answer = new RecordedAnswer('a');
  link.client?.feed(answer);
  await agent.hears('command');
  failures = 3;
  const tried = new Promise<void>((resolve) => {
    launched = () => failures === 1 && resolve();
  });
  const second = opened();
  await former.cut();
  await tried;
  link.hurry();
  const back = (await second).agent();
  await back.greets({ lastSeq: 0 });
  await back.configures();
  await back.hears('command');
  back.says(begin(1, 'a'), end(2, 'a'));
  expect(await answer.settlement).toEqual(completed('a'));
});

it('leaves it to the backend what it means when nobody waits', async () => {
  const first = opened();
  const reaching = link.reach({ signal });
  const carrier = await first;
  await serves(carrier.agent(), 0);
  await reaching;
  await carrier.cut();
  expect(moves).toEqual(['idle eof']);
  expect(link.client).toBeUndefined();
});

it('says of a carrier that dies before the hello what it is, and not that the agent is frozen', async () => {
  const first = opened();
  const reaching = expect(link.reach({ signal })).rejects.toMatchObject({
    code: 'CCB_AGENT_UNREACHABLE',
    message: expect.stringContaining('The stream has ended'),
  });
  await (await first).cut();
  await reaching;
});
