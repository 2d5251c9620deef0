import { instanceLayout } from '@ccb/container-agent';
import type { ProcessInstance } from '@ccb/process-instance';
import type { Figure } from './figure.ts';
import { createInstance } from './instance.ts';
import { interleave } from './interleaving.ts';
import { ReadyProcess } from './ready-process.ts';
import type { Workplace } from './workplace.ts';

const ROUNDS = 15;

interface Start {
  readonly ms: number;
  /** Of one process alone. */
  readonly cpuMs?: number;
}

/** From the spawn to the first line on a pipe: the agent as its host starts it, and Node alone. */
export async function start(place: Workplace): Promise<Figure[]> {
  await using stopped = await createInstance({ home: place.path('home'), name: 'start', program: 'shell' }, false);
  await stopped.start();
  await stopped.stop();
  const agentArgs = agentArguments(stopped);
  const { agent, bare, whole } = await interleave<'agent' | 'bare' | 'whole', Start>(ROUNDS, {
    agent: () => started(() => ReadyProcess.start(agentArgs)),
    bare: () => started(() => ReadyProcess.bare()),
    whole: () => wholeStart(place),
  });
  const wall = bare.map(({ ms }) => ms);
  const cpu = ({ cpuMs = 0 }: Start): number => cpuMs;
  const common = { unit: 'ms', compare: 'difference' } as const;
  return [
    {
      ...common,
      name: 'Agent, spawned until it listens',
      ours: agent.map(({ ms }) => ms),
      baseline: wall,
      bound: { better: 'lower', limit: 30, goal: 12 },
    },
    { ...common, name: 'Processor time in that', ours: agent.map(cpu), baseline: bare.map(cpu) },
    { ...common, name: 'Instance, start() until its shell runs', ours: whole.map(({ ms }) => ms), baseline: wall },
  ];
}

async function started(spawned: () => Promise<ReadyProcess>): Promise<Start> {
  await using process = await spawned();
  return { ms: process.readyMs, cpuMs: process.readyCpuMs };
}

async function wholeStart(place: Workplace): Promise<Start> {
  await using instance = await createInstance({ home: place.path('home'), name: 'start', program: 'shell' });
  const before = performance.now();
  await instance.start();
  return { ms: performance.now() - before };
}

/** What starts the agent of a stopped instance: everything is in place but the process. */
function agentArguments({ record, name }: ProcessInstance): readonly string[] {
  const layout = instanceLayout((record.data as { directory: string }).directory, name);
  return [layout.agentFile, layout.settings, '--ready-fd=3'];
}
