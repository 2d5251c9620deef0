import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instanceLayout, killAgent } from '@ccb/container-agent';
import type { InstanceRecord } from '@ccb/instance-interface';
import { type ProcessData, type ProcessInstance, processBackend } from '@ccb/process-instance';
import { settled, within } from './deadline.ts';
import { namedAfter, openBelow } from './processes.ts';
import { Subject } from './subject.ts';

const CLEANUP_MS = 30_000;

export interface Program {
  readonly program?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** A home of its own for the instances of one campaign; at the end it proves that nothing of them is left. */
export class Sandbox {
  readonly home: string = mkdtempSync(join(tmpdir(), 'ccb-campaign-'));
  readonly workspace: string = join(this.home, 'workspace');
  readonly backend: ReturnType<typeof processBackend> = processBackend({ home: this.home });
  readonly #records: InstanceRecord[] = [];
  readonly #undo: (() => void | Promise<void>)[] = [];

  constructor() {
    mkdirSync(this.workspace);
  }

  /** Made and held, not started. */
  async create(program: Program = {}): Promise<ProcessInstance> {
    const name = `campaign-${this.#records.length + 1}-${randomUUID().slice(0, 8)}`;
    const { workspace } = this;
    const onRecord = async (record: InstanceRecord): Promise<void> => void this.#records.push(record);
    const { program: kind = 'shell', env } = program;
    const spec = { type: 'process', name, program: kind, env, workspace, ephemeral: false } as const;
    const instance = await this.backend.create(spec, { onRecord });
    this.defer(async () => {
      if (instance.state !== 'closed') await instance.cleanup({ remove: true });
    });
    return instance;
  }

  /** Made and let go. */
  async createRecord(program?: Program): Promise<InstanceRecord> {
    const instance = await this.create(program);
    await instance.detach();
    return instance.record;
  }

  /** Runs before the instances are cleaned up, the last one first. */
  defer(undo: () => void | Promise<void>): void {
    this.#undo.push(undo);
  }

  /** Ends the instance through the public door, as its owner would; returns what it left. */
  async retire(instance: ProcessInstance): Promise<readonly string[]> {
    await within(CLEANUP_MS, 'cleanup', instance.cleanup({ remove: true }));
    return await leftOf(instance.record);
  }

  /** Ends and removes everything, by force where it must be; returns what was left, or would not go. */
  async end(): Promise<readonly string[]> {
    const left: string[] = [];
    const attempt = async (what: string, work: () => void | Promise<void>): Promise<void> => {
      try {
        await within(CLEANUP_MS, what, Promise.resolve(work()));
      } catch (error) {
        left.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    for (const undo of this.#undo.reverse()) await attempt('undo', undo);
    for (const record of this.#records) {
      if (existsSync((record.data as ProcessData).directory)) await attempt('cleanup', () => this.#remove(record));
      left.push(...(await leftOf(record)));
      await attempt('kill', () => forceAway(record));
    }
    rmSync(join(this.home, 'programs'), { recursive: true, force: true });
    rmSync(this.workspace, { recursive: true, force: true });
    left.push(...entriesBelow(this.home), ...openBelow(this.home));
    rmSync(this.home, { recursive: true, force: true });
    return left;
  }

  async #remove(record: InstanceRecord): Promise<void> {
    const instance = await this.backend.open(record);
    await instance.cleanup({ remove: true });
  }
}

/** Processes, directory and FIFOs of an instance that is cleaned up: none, once what has let go of everything is gone. */
async function leftOf(record: InstanceRecord): Promise<readonly string[]> {
  await settled(() => lookFor(record).length === 0);
  return lookFor(record);
}

function lookFor(record: InstanceRecord): readonly string[] {
  const subject = new Subject(record);
  const { directory } = subject;
  return [
    ...subject.programs().map((pid) => `${record.name}: process ${pid} carries ${subject.variable}`),
    ...namedAfter(directory).map((pid) => `${record.name}: process ${pid} was started from ${directory}`),
    ...(existsSync(directory) ? [`${record.name}: its directory is there`] : []),
  ];
}

async function forceAway(record: InstanceRecord): Promise<void> {
  const { directory, instanceId } = record.data as ProcessData;
  const { agentLock: lock, state } = instanceLayout(directory, record.name);
  await killAgent({ lock, state, instanceId }, 0);
  rmSync(directory, { recursive: true, force: true });
}

function entriesBelow(home: string): string[] {
  const entries = readdirSync(home, { recursive: true, encoding: 'utf8' });
  return entries.filter((entry) => entry !== 'instances').map((entry) => `${entry} is there`);
}
