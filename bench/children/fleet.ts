// Many instances in containers, all driven at once by this one process.
import { readdirSync, readFileSync } from 'node:fs';
import type { AgentInstance } from '@ccb/container-agent';
import { type InstanceSetting, startInstance } from '../instance.ts';
import { serve, setting } from './duty.ts';

/** Adds so many instances, drives all of them for so many ms, looks at the memory of their agents, or ends so many. */
export type FleetOrder = { readonly add: number } | { readonly drive: number } | 'weigh' | { readonly end: number };

export interface HostUse {
  readonly instances: number;
  readonly residentMb: number;
  readonly openFiles: number;
}

export interface Driven extends HostUse {
  /** µs of each command, of all instances. */
  readonly times: Float64Array;
  readonly seconds: number;
  /** Of one core, by this process. */
  readonly cpuPercent: number;
}

/** MB, an agent each. */
export type Weights = readonly { readonly resident: number; readonly container: number }[];

const AT_ONCE = 4;
const TEXT = 'x'.repeat(100);

const options = setting<InstanceSetting>();
const instances: AgentInstance[] = [];
let made = 0;

serve(
  async (order: FleetOrder): Promise<HostUse | Driven | Weights> => {
    if (order === 'weigh') return await Promise.all(instances.map(weightOf));
    if ('drive' in order) return await drive(order.drive);
    if ('add' in order) await inParallel(order.add, add);
    else await inParallel(order.end, end);
    return use();
  },
  () => inParallel(instances.length, end),
);

async function add(): Promise<void> {
  made += 1;
  instances.push(await startInstance({ ...options, name: `${options.name}-${made}` }));
}

async function end(): Promise<void> {
  await instances.pop()?.cleanup({ remove: true });
}

async function drive(ms: number): Promise<Driven> {
  const times: number[] = [];
  const cpu = process.cpuUsage();
  const before = performance.now();
  const loop = async (instance: AgentInstance): Promise<void> => {
    while (performance.now() - before < ms) {
      const sent = performance.now();
      const { success, output } = await instance.sendCommandAndWait(TEXT);
      times.push((performance.now() - sent) * 1000);
      if (!success || output !== TEXT) throw new Error(`${instance.name}: not the answer`);
    }
  };
  await Promise.all(instances.map(loop));
  const seconds = (performance.now() - before) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { ...use(), times: Float64Array.from(times), seconds, cpuPercent: (user + system) / 1e4 / seconds };
}

function use(): HostUse {
  return {
    instances: instances.length,
    residentMb: process.memoryUsage.rss() / 1e6,
    openFiles: readdirSync('/proc/self/fd').length,
  };
}

async function weightOf(instance: AgentInstance): Promise<Weights[number]> {
  const { containerId } = instance.record.data as unknown as { readonly containerId: string };
  const info = (await instance.getInfo({ usage: true, timeoutMs: 30_000 } as object)) as {
    readonly container?: { readonly usage?: { readonly memoryBytes: number } };
  };
  const bytes = info.container?.usage?.memoryBytes;
  if (bytes === undefined) throw new Error(`The engine did not measure ${containerId}`);
  return { resident: residentIn(containerId), container: bytes / 1e6 };
}

/** MB of the Node in a container of this machine. */
function residentIn(containerId: string): number {
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    if (contentOf(pid, 'comm') !== 'node\n' || !contentOf(pid, 'cgroup').includes(containerId)) continue;
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(contentOf(pid, 'status'))?.[1];
    if (kibibytes !== undefined) return (Number(kibibytes) * 1024) / 1e6;
  }
  throw new Error(`No Node runs in ${containerId}`);
}

function contentOf(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // Gone meanwhile.
    return '';
  }
}

async function inParallel(count: number, step: () => Promise<void>): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    for (; left > 0; ) {
      left -= 1;
      await step();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
