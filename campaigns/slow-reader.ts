import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { InstanceRecord } from '@ccb/instance-interface';
import { type CampaignOptions, type CampaignResult, campaign, type Field } from './campaign.ts';
import { childProgram } from './child-program.ts';
import { within } from './deadline.ts';
import { memoryOf } from './processes.ts';
import { Subject } from './subject.ts';
import type { Tally } from './tally.ts';

const MEMORY_BYTES = 100e6;
const PING_MS = 250;
const MIB = 1024 * 1024;
/** maxLag, retain, and two segments. */
const DISK_BYTES = (64 + 64 + 2 * 16) * MIB;
const SAMPLE_MS = 50;
const LINE_BYTES = 10;

export interface SlowRequest {
  readonly record: InstanceRecord;
  readonly text: string;
  readonly slowMs: number;
  readonly bytesPerSecond: number;
}

export interface SlowReading {
  readonly success: boolean;
  readonly bytes: number;
  readonly slowBytes: number;
  readonly sha256: string;
  readonly drainMs: number;
  /** ms of each round trip. */
  readonly pings: { readonly slow: readonly number[]; readonly drain: readonly number[] };
  readonly unanswered: number;
  /** The most bytes that were ever resident. */
  readonly peak: number;
}

/** One large answer to a reader that is slow at first. `count`: megabytes. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  return await campaign('slow-reader', options, async (field) => {
    const megabytes = options.count;
    const slowMs = Math.max(3_000, megabytes * 10);
    const tally = field.row(
      `an answer of ${megabytes} MB; the reader takes 1 MB/s for ${slowMs / 1000} s, then all it can`,
      'equal digest; bridge and agent ≤ 100 MB resident at all times; journal ≤ 160 MiB of disk; ping ≤ 250 ms',
    );
    await field.strike(tally, `${megabytes} MB`, () => read(field, tally, megabytes, slowMs));
  });
}

async function read(field: Field, tally: Tally, megabytes: number, slowMs: number): Promise<void> {
  const last = 100_000_000 + (megabytes * 1e6) / LINE_BYTES - 1;
  const numbers = ['seq', '100000000', String(last)];
  const truth = digestOf(numbers);
  const record = await field.sandbox.createRecord();
  const reading = await watched(field, tally, {
    record,
    text: numbers.join(' '),
    slowMs,
    bytesPerSecond: 1e6,
  });
  tally.check(reading.success, 'the command failed');
  tally.check(reading.bytes === megabytes * 1e6, `${reading.bytes} bytes came`);
  tally.check(reading.sha256 === (await truth), 'the digest differs');
  tally.check(reading.unanswered === 0, `${reading.unanswered} pings were not answered`);
  atMost(tally, 'bridge resident', reading.peak, MEMORY_BYTES);
  for (const [phase, pings] of Object.entries(reading.pings)) {
    if (pings.length === 0) continue;
    const slowest = Math.max(...pings);
    tally.check(slowest <= PING_MS, `a ping took ${Math.round(slowest)} ms (${phase})`);
    tally.most(`ping (${phase})`, slowest, 'ms');
    tally.most(`median ping (${phase})`, pings.toSorted((a, b) => a - b)[pings.length >> 1] as number, 'ms');
  }
  const rate = (reading.bytes - reading.slowBytes) / 1e3 / reading.drainMs;
  tally.count(`MB read slowly, the rest at ${Math.round(rate)} MB/s`, Math.round(reading.slowBytes / 1e6));
}

/** Runs the reader and samples memory and disk meanwhile. */
async function watched(field: Field, tally: Tally, request: SlowRequest): Promise<SlowReading> {
  const { home } = field.sandbox;
  const program = await childProgram(field.sandbox, 'slow-reader');
  const child = spawn(process.execPath, [program, JSON.stringify(request)], {
    env: { PATH: process.env.PATH, HOME: home, CCB_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  field.sandbox.defer(async () => {
    if (child.kill('SIGKILL')) await once(child, 'close');
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  const subject = new Subject(request.record);
  const sampling = setInterval(() => sample(tally, subject, child.pid as number), SAMPLE_MS);
  const limitMs = request.slowMs + 60_000 + field.options.count * 300;
  try {
    await within(limitMs, 'the reader', once(child, 'close'));
  } finally {
    clearInterval(sampling);
  }
  const agent = memoryOf(subject.agentPid());
  atMost(tally, 'agent resident', agent?.peak ?? Number.POSITIVE_INFINITY, MEMORY_BYTES);
  return JSON.parse(said) as SlowReading;
}

function sample(tally: Tally, subject: Subject, reader: number): void {
  atMost(tally, 'journal on disk', bytesBelow(subject.journal), DISK_BYTES);
  const bridge = memoryOf(reader);
  if (bridge !== undefined) atMost(tally, 'bridge anonymous', bridge.anonymous, MEMORY_BYTES);
  const [agent] = subject.agents().map(memoryOf);
  if (agent !== undefined) atMost(tally, 'agent anonymous', agent.anonymous, MEMORY_BYTES);
}

function atMost(tally: Tally, what: string, bytes: number, limit: number): void {
  tally.most(what, bytes / 1e6, 'MB');
  tally.check(bytes <= limit, `${what}: ${Math.round(bytes / 1e6)} MB`);
}

function bytesBelow(directory: string): number {
  let bytes = 0;
  try {
    for (const name of readdirSync(directory)) {
      bytes += (statSync(join(directory, name), { throwIfNoEntry: false })?.blocks ?? 0) * 512;
    }
  } catch {
    // Not there yet.
  }
  return bytes;
}

async function digestOf([command, ...args]: readonly string[]): Promise<string> {
  const digest = createHash('sha256');
  const child = spawn(command as string, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const chunk of child.stdout) digest.update(chunk);
  return digest.digest('hex');
}
