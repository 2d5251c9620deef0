import { readdirSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { setImmediate as tick } from 'node:timers/promises';
import { AgentClient } from '@ccb/container-agent';
import { type CommandStream, InstanceError } from '@ccb/instance-interface';
import { StreamChannel } from '@ccb/named-pipe';
import type { Field } from './campaign.ts';
import { within } from './deadline.ts';
import { HostileAgent } from './hostile-agent.ts';
import type { Random } from './random.ts';
import type { Tally } from './tally.ts';

const ROUND_LINES = 500;
const BATCH_LINES = 50;
const STEP_MS = 20_000;
const MEBIBYTE = 1024 * 1024;
const GROWTH_BYTES = 128 * MEBIBYTE;
/** Longer lines are dropped by the channel under test. */
const MAX_MESSAGE_BYTES = 256 * 1024;

/** Hostile lines into a client with open answers; then the agent is an honest one, and a command must run. */
export async function fuzzClient(field: Field, random: Random, count: number): Promise<void> {
  const tally = field.row(
    'hostile lines into a client with open answers, history and questions',
    'typed errors only, none unhandled, nothing left open, no more descriptors, memory bounded, next command exact',
  );
  const caught = (error: unknown): void => tally.check(false, `unhandled: ${String(error)}`);
  process.on('unhandledRejection', caught);
  try {
    const before = readdirSync('/proc/self/fd').length;
    let warm = 0;
    for (let sent = 0; sent < count; sent += ROUND_LINES) {
      const lines = Math.min(ROUND_LINES, count - sent);
      await field.strike(tally, `line ${sent}`, () => round(random, lines, tally));
      if (warm === 0 && sent >= count / 5) warm = process.memoryUsage.rss();
    }
    const growth = process.memoryUsage.rss() - warm;
    tally.check(growth < GROWTH_BYTES, `memory grew by ${growth} bytes`);
    tally.most('host growth', Math.max(0, growth) / MEBIBYTE, 'MiB');
    await tick();
    const after = readdirSync('/proc/self/fd').length;
    tally.check(after <= before, `${after} descriptors, ${before} before`);
  } finally {
    process.off('unhandledRejection', caught);
  }
  field.options.log(`fuzz: ${count} lines into the client`);
  tally.times = count;
}

async function round(random: Random, lines: number, tally: Tally): Promise<void> {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const limits = { maxMessageBytes: MAX_MESSAGE_BYTES };
  const channel = new StreamChannel({ readable: back, writable: there }, limits);
  const agent = new HostileAgent(new StreamChannel({ readable: there, writable: back }), random);
  const client = await within(STEP_MS, 'the hello', AgentClient.connect(channel));
  const open: Promise<unknown>[] = [];
  const iterator = client.history({ follow: true });
  const question = (work: Promise<unknown>): void => {
    work.catch(() => {});
    open.push(work);
  };
  const read = client.run('read', { id: 'a' });
  open.push(read.result, client.run('not read', { id: 'b' }).result, client.resume('c').result);
  question(textOf(read));
  const slow = client.run('read slowly', { id: 'd', timeoutMs: 5_000 })[Symbol.asyncIterator]();
  for (let sent = 0; sent < lines; sent += BATCH_LINES) {
    question(iterator.next());
    question(slow.next());
    question(client.ping({ timeoutMs: 1_000 }));
    if (random.chance(0.2)) question(client.interrupt({ timeoutMs: 1_000 }));
    await agent.rave(Math.min(BATCH_LINES, lines - sent));
  }
  agent.repent();
  const last = client.run('afterwards', { id: 'z' });
  tally.same('the last answer', await within(STEP_MS, 'the last command', textOf(last)), 'afterwards');
  await within(STEP_MS, 'a ping', client.ping());
  await client.close();
  await agent.channel.close();
  for (const outcome of await within(STEP_MS, 'what was asked to settle', Promise.allSettled(open))) {
    if (outcome.status === 'fulfilled') continue;
    const { reason } = outcome;
    tally.check(InstanceError.is(reason), `not a typed error: ${String(reason)}`);
    tally.count(InstanceError.is(reason) ? reason.code : 'other');
  }
}

async function textOf(stream: CommandStream): Promise<string> {
  let text = '';
  for await (const piece of stream) text += piece;
  return text;
}
