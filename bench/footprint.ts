import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { instanceLayout } from '@ccb/container-agent';
import { readHolder } from '@ccb/named-pipe/lock';
import type { Figure } from './figure.ts';
import { startInstance } from './instance.ts';
import { interleave } from './interleaving.ts';
import { ReadyProcess } from './ready-process.ts';
import type { Workplace } from './workplace.ts';

const ROUNDS = 7;
const IDLE_MS = 2_000;
const COMMANDS = 100;
const MOMENTS = { started: 'after its start', idle: 'after 2 s without work', worked: 'after 100 commands' } as const;
const BOUND = { better: 'lower', limit: 1.15, goal: 1 } as const;

type Moment = keyof typeof MOMENTS;
/** MB */
interface Memory {
  readonly resident: number;
  /** The part of it that is no file's: heaps and stacks. */
  readonly anonymous: number;
}

/** The agent's memory against Node with one FIFO open. The program beside it is a process of its own. */
export async function footprint(place: Workplace): Promise<Figure[]> {
  const { agent, bare } = await interleave(ROUNDS, { agent: () => agentMemory(place), bare: () => bareMemory(place) });
  const figure = (name: string, moment: Moment, part: keyof Memory): Figure => ({
    name: `${name} ${MOMENTS[moment]}`,
    unit: 'MB',
    ours: agent.map((sample) => sample[moment][part]),
    baseline: bare.map((sample) => sample[moment][part]),
    compare: 'ratio',
  });
  const moments = Object.keys(MOMENTS) as Moment[];
  return [
    { ...figure('Resident memory (VmRSS)', 'started', 'resident'), bound: BOUND },
    { ...figure('Resident memory (VmRSS)', 'idle', 'resident'), bound: BOUND },
    // No verdict: an agent that has worked beside a Node that has not.
    figure('Resident memory (VmRSS)', 'worked', 'resident'),
    ...moments.map((moment) => figure('of it anonymous (RssAnon)', moment, 'anonymous')),
  ];
}

async function agentMemory(place: Workplace): Promise<Record<Moment, Memory>> {
  const home = place.path('home');
  await using instance = await startInstance({ home, name: 'footprint', program: 'shell' });
  const { agentLock } = instanceLayout((instance.record.data as { directory: string }).directory, instance.name);
  const holder = readHolder(agentLock);
  if (holder === undefined) throw new Error('The agent has not written its pid down');
  const started = memoryOf(holder.pid);
  await sleep(IDLE_MS);
  const idle = memoryOf(holder.pid);
  for (let sent = 0; sent < COMMANDS; sent++) await instance.sendCommandAndWait('echo hello');
  return { started, idle, worked: memoryOf(holder.pid) };
}

async function bareMemory(place: Workplace): Promise<Record<Moment, Memory>> {
  await using node = await ReadyProcess.bare(await place.fifo('bare'));
  const started = memoryOf(node.pid);
  await sleep(IDLE_MS);
  const idle = memoryOf(node.pid);
  return { started, idle, worked: idle };
}

function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const megabytes = (field: string): number => {
    const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kibibytes === undefined) throw new Error(`The status of process ${pid} has no ${field}`);
    return (Number(kibibytes) * 1024) / 1e6;
  };
  return { resident: megabytes('VmRSS'), anonymous: megabytes('RssAnon') };
}
