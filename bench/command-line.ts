import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { InstanceManager } from '@ccb/instance-manager';
import { processBackend } from '@ccb/process-instance';
import type { Figure } from './figure.ts';
import { interleave } from './interleaving.ts';
import type { Workplace } from './workplace.ts';

const ROUNDS = 15;
const INSTANCES = 100;
/** So many of them run. */
const RUNNING = 25;
const CLI = fileURLToPath(new URL('../apps/bridge/dist/cli.js', import.meta.url));

/** Whole processes, from the spawn to the exit: what a person waits for, and Node alone. */
export async function commandLine(place: Workplace): Promise<Figure[]> {
  const home = place.path('crowded');
  const manager = new InstanceManager({ home, backends: [processBackend({ home })] });
  try {
    for (let index = 0; index < INSTANCES; index += 1) {
      const instance = await manager.create({ type: 'process', name: `box-${index}`, program: 'shell' });
      if (index < RUNNING) await instance.start();
      await instance.detach();
    }
    const ccb = (...args: readonly string[]) => timed([CLI, ...args], home);
    const { bare, help, list } = await interleave<'bare' | 'help' | 'list', number>(ROUNDS, {
      bare: () => timed(['-e', '0'], home),
      help: () => ccb('--help'),
      list: () => ccb('ls'),
    });
    return [
      {
        name: '`ccb --help`, beside `node -e 0`',
        unit: 'ms',
        compare: 'ratio',
        ours: help,
        baseline: bare,
        bound: { better: 'lower', limit: 1.5, goal: 1.2 },
      },
      {
        name: `\`ccb ls\` of ${INSTANCES} instances, ${RUNNING} of them running, beyond Node's own start`,
        unit: 'ms',
        compare: 'difference',
        ours: list,
        baseline: bare,
        bound: { better: 'lower', limit: 300, goal: 100 },
      },
    ];
  } finally {
    for (const { name } of await manager.list()) await manager.remove(name, { force: true });
  }
}

async function timed(args: readonly string[], home: string): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    stdio: 'ignore',
    env: { PATH: process.env.PATH, HOME: home, CCB_HOME: home },
  });
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error(`node ${args.join(' ')} exits ${code}`);
  return performance.now() - began;
}
