import { instanceLayout } from '@ccb/container-agent';
import type { ProcessInstance } from '@ccb/process-instance';
import type { Figure } from './figure.ts';
import { createInstance } from './instance.ts';
import { interleave } from './interleaving.ts';
import { ReadyProcess } from './ready-process.ts';
import type { Workplace } from './workplace.ts';

const ROUNDS = 15;

/** From the spawn to the first line on a pipe: the agent as its host starts it, and Node alone. */
export async function start(place: Workplace): Promise<Figure[]> {
  await using stopped = await createInstance({ home: place.path('home'), name: 'start', program: 'shell' }, false);
  await stopped.start();
  await stopped.stop();
  const agentArgs = agentArguments(stopped);
  const { agent, bare, whole } = await interleave(ROUNDS, {
    agent: () => readyMs(() => ReadyProcess.start(agentArgs)),
    bare: () => readyMs(() => ReadyProcess.bare()),
    whole: () => wholeStartMs(place),
  });
  return [
    {
      name: 'Agent, spawned until it listens',
      unit: 'ms',
      ours: agent,
      baseline: bare,
      compare: 'difference',
      bound: { better: 'lower', limit: 30, goal: 12 },
    },
    { name: 'Instance, start() until its shell runs', unit: 'ms', ours: whole, baseline: bare, compare: 'difference' },
  ];
}

async function readyMs(spawned: () => Promise<ReadyProcess>): Promise<number> {
  await using process = await spawned();
  return process.readyMs;
}

async function wholeStartMs(place: Workplace): Promise<number> {
  await using instance = await createInstance({ home: place.path('home'), name: 'start', program: 'shell' });
  const before = performance.now();
  await instance.start();
  return performance.now() - before;
}

/** What starts the agent of a stopped instance: everything is in place but the process. */
function agentArguments({ record, name }: ProcessInstance): readonly string[] {
  const layout = instanceLayout((record.data as { directory: string }).directory, name);
  return [layout.agentFile, layout.settings, '--ready-fd=3'];
}
