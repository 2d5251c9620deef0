import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { instanceLayout } from '@ccb/container-agent';
import type { InstanceRecord } from '@ccb/instance-interface';
import { type Channel, NamedPipeChannel } from '@ccb/named-pipe';
import { openWriter } from '@ccb/named-pipe/fifo';
import type { ProcessData } from '@ccb/process-instance';
import type { Field } from './campaign.ts';
import { within } from './deadline.ts';
import { type HostileOptions, hostileLine } from './hostile-lines.ts';
import { isAlive, memoryOf } from './processes.ts';
import type { Random } from './random.ts';
import { Subject } from './subject.ts';
import type { Tally } from './tally.ts';

const BATCH_LINES = 500;
const STEP_MS = 60_000;
const MEBIBYTE = 1024 * 1024;
/** Node keeps what it once had: what counts is that a million lines cost no more than a hundred thousand. */
const GROWTH_BYTES = 128 * MEBIBYTE;
const LOG_BYTES = 2 * MEBIBYTE;
const JOURNAL_BYTES = 200 * MEBIBYTE;

/** Hostile lines into a real agent, through its pipes; then it must be what it was. */
export async function fuzzAgent(
  field: Field,
  random: Random,
  counts: { readonly pipe: number; readonly control: number },
): Promise<void> {
  const tally = field.row(
    'hostile lines into an agent, through its in.fifo and its ctl.fifo, one of 65 MiB among them',
    'same process, no more descriptors, memory and log bounded, answers a ping, next command exact',
  );
  const name = `fuzz-${random.id()}`;
  const { backend, workspace } = field.sandbox;
  const maker = await backend.create({ type: 'process', name, program: 'echo', workspace, ephemeral: false });
  const { record } = maker;
  field.sandbox.defer(() => end(field, record));
  await maker.sendCommandAndWait('before');
  await maker.detach();

  const subject = new Subject(record);
  const pid = subject.agentPid();
  const layout = instanceLayout((record.data as ProcessData).directory, record.name);
  const before = descriptorsOf(pid);
  const warm = await flood(layout.pipes, random, Math.ceil(counts.pipe / 5), tally, pid);
  await control(`${layout.pipes}.ctl.fifo`, random, counts.control, tally);
  const last = await flood(layout.pipes, random, counts.pipe - Math.ceil(counts.pipe / 5), tally, pid);
  field.options.log(`fuzz: ${counts.pipe + counts.control} lines into the agent`);

  await field.strike(tally, 'afterwards', async () => {
    tally.check(isAlive(pid) && subject.agents().includes(pid), 'the agent is another one, or gone');
    const instance = await within(STEP_MS, 'open', backend.open(record));
    tally.check(await instance.isRunning(), 'the agent does not answer a ping');
    const { output } = await within(STEP_MS, 'a command', instance.sendCommandAndWait('after all that'));
    tally.same('the answer', output, 'after all that');
    await instance.detach();
    tally.check(subject.agentPid() === pid, 'the agent was replaced');
    // Observers that were announced and never came have five seconds.
    const now = await fewest(() => descriptorsOf(pid), before.length);
    tally.check(now.length <= before.length, () => `descriptors ${now.join(' ')}, before ${before.join(' ')}`);
    tally.check(last - warm < GROWTH_BYTES, () => `memory grew from ${warm} to ${last} bytes`);
    tally.most('agent growth', Math.max(0, last - warm) / MEBIBYTE, 'MiB');
    const log = statSync(layout.agentLog).size;
    tally.check(log < LOG_BYTES, `agent.log has ${log} bytes`);
    tally.most('agent.log', log / 1024, 'KiB');
    const journal = sizeOf(join(layout.state, 'journal'));
    tally.check(journal < JOURNAL_BYTES, `the journal has ${journal} bytes`);
  });
  tally.times = counts.pipe + counts.control;
}

/** @returns the agent's memory afterwards, in bytes */
async function flood(pipes: string, random: Random, count: number, tally: Tally, pid: number): Promise<number> {
  await using channel = await NamedPipeChannel.connect(pipes, { lock: false });
  let replies = 0;
  channel.subscribe(() => {
    replies += 1;
  });
  await say(channel, Buffer.from(`${JSON.stringify(HELLO)}\n${JSON.stringify(CONFIGURE)}\n`));
  const options: HostileOptions = { valid: hostFrame, longBytes: MEBIBYTE };
  for (let sent = 0; sent < count; sent += BATCH_LINES) {
    const lines = Array.from({ length: Math.min(BATCH_LINES, count - sent) }, () => hostileLine(random, options));
    await say(channel, Buffer.concat(lines));
  }
  const tooLong = Buffer.alloc(65 * MEBIBYTE, 'x');
  tooLong[tooLong.length - 1] = 10;
  await say(channel, tooLong);
  const pong = new Promise<void>((resolve, reject) => {
    channel.on('down', (reason) => reject(new Error(`the agent went down (${reason})`)));
    void channel.send({ ...HELLO }).then(() => channel.send({ type: 'proceed' }));
    const known = replies;
    void channel.send({ type: 'ping', n: 1 }).then(() => whenMore(() => replies > known).then(resolve));
  });
  await within(STEP_MS, 'an answer to a ping', pong);
  tally.count('replies', replies);
  return memoryOf(pid)?.resident ?? 0;
}

async function control(path: string, random: Random, count: number, tally: Tally): Promise<void> {
  const writer = openWriter(path);
  tally.check(writer !== undefined, 'nobody reads ctl.fifo');
  if (writer === undefined) return;
  const failed = new Promise<never>((_, reject) => writer.once('error', reject));
  const options: HostileOptions = { valid: joinFrame, longBytes: 100_000 };
  for (let sent = 0; sent < count; sent += BATCH_LINES) {
    const lines = Array.from({ length: Math.min(BATCH_LINES, count - sent) }, () => hostileLine(random, options));
    const written = new Promise<void>((resolve) => writer.write(Buffer.concat(lines), () => resolve()));
    await within(STEP_MS, 'ctl.fifo to be read', Promise.race([written, failed]));
  }
  failed.catch(() => {});
  writer.destroy();
}

async function say(channel: Channel, lines: Buffer): Promise<void> {
  const outcome = channel.write(lines);
  if (outcome === 'down') await within(STEP_MS, 'the agent to come up', channel.whenUp());
  if (outcome !== 'queued') return;
  await within(
    STEP_MS,
    'the agent to read',
    new Promise<void>((resolve) => {
      const off = [channel.on('drain', done), channel.on('down', done)];
      function done(): void {
        for (const each of off) each();
        resolve();
      }
    }),
  );
}

const HELLO = { type: 'hello', protocol: [1, 1], host: 'fuzz' };
const CONFIGURE = { type: 'configure', secrets: {} };

/** All but the frame that would end the agent, rightly. */
function hostFrame(random: Random): object {
  const id = `id-${random.integer(0, 5_000)}`;
  const ref = random.integer(0, 1_000);
  switch (random.integer(0, 11)) {
    case 0:
    case 1:
      return {
        type: 'command',
        id,
        text: `text of ${id}`,
        stderr: 'merge',
        timeoutMs: random.integer(1, 10_000),
        ack: ref,
      };
    case 2:
      return { type: 'ack', seq: random.integer(0, 10 ** random.integer(1, 15)) };
    case 3:
      return { type: 'cancel', id, reason: random.chance(0.5) ? 'timeout' : 'cancelled' };
    case 4:
      return { type: 'interrupt', ref };
    case 5:
      // Not from the very beginning each time: that alone would be a benchmark of the replay.
      return {
        type: 'resume',
        ref,
        id: random.chance(0.9) ? id : undefined,
        after: random.chance(0.9) ? `abcdefghijkl.${ref}` : undefined,
      };
    case 6:
      return { type: random.chance(0.5) ? 'pause' : 'proceed' };
    case 7:
      return CONFIGURE;
    case 8:
      return HELLO;
    case 9:
      return { type: 'permission', id, requestId: 'r', answer: 'allow_once' };
    default:
      return { type: 'ping', n: ref, ack: random.integer(0, 1_000_000) };
  }
}

function joinFrame(random: Random): object {
  const name = Array.from({ length: 16 }, () => random.integer(0, 35).toString(36)).join('');
  return { type: 'join', name: random.chance(0.9) ? `${name}/../x` : name };
}

async function end(field: Field, record: InstanceRecord): Promise<void> {
  const instance = await field.sandbox.backend.open(record);
  await instance.cleanup({ remove: true });
}

/** What they lead to. The one to a host that has gone may be there yet, or not. */
function descriptorsOf(pid: number): readonly string[] {
  const targets = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
  const toHost = targets.findIndex((target) => target.endsWith('.out.fifo'));
  return targets.filter((_, index) => index !== toHost);
}

function sizeOf(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

async function fewest(look: () => readonly string[], enough: number): Promise<readonly string[]> {
  let seen = look();
  for (let waited = 0; waited < 10_000 && seen.length > enough; waited += 100) {
    await delay(100);
    seen = look();
  }
  return seen;
}

async function whenMore(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(5);
}
