import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { TmuxInstance } from '@ccb/tmux-instance';
import { percentile } from '../distribution.ts';
import type { Bound, Figure } from '../figure.ts';
import type { Workplace } from '../workplace.ts';
import { cpuMs, Panes } from './panes.ts';

const SESSIONS = 50;
const IDLE_MS = 2_000;
const FLOOD_MS = 6_000;
const WITHIN: Bound = { better: 'lower', limit: 5, goal: 3 };

/** Fifty sessions of one process: at rest, and while one of them writes as fast as it can. */
export async function tmuxFleet(place: Workplace): Promise<Figure[]> {
  const panes = new Panes(place);
  const began = performance.now();
  const instances = await Promise.all(Array.from({ length: SESSIONS }, () => panes.start()));
  const startMs = performance.now() - began;
  const idle = await idleUse(instances[0] as TmuxInstance);
  const calm = await times(instances.slice(1), IDLE_MS);
  const flooding = (instances[0] as TmuxInstance).sendCommand('yes 0123456789012345678901234567890123456789');
  let flood = 0;
  const reading = (async () => {
    for await (const text of flooding.text({ cancelOnReturn: false })) flood += text.length;
  })();
  const busy = await times(instances.slice(1), FLOOD_MS);
  const floodMb = flood / 2 ** 20 / (FLOOD_MS / 1000);
  await flooding.cancel();
  await reading;
  const value = (name: string, unit: Figure['unit'], sample: number, bound?: Bound): Figure => ({
    name,
    unit,
    ours: [sample],
    compare: 'value',
    bound,
  });
  const flooded = 'while one floods';
  return [
    value(`${SESSIONS} sessions started at once`, 'ms', startMs),
    value(`Processor at rest, ${SESSIONS} sessions, this process`, '% of a core', idle.own),
    value(`Processor at rest, ${SESSIONS} sessions, the tmux server`, '% of a core', idle.server),
    value('Command and answer, one after the other, p50', 'ms', percentile(calm, 0.5)),
    value('Command and answer, one after the other, p99', 'ms', percentile(calm, 0.99)),
    value(`Command and answer, ${flooded}, p50`, 'ms', percentile(busy, 0.5), WITHIN),
    value(`Command and answer, ${flooded}, p99`, 'ms', percentile(busy, 0.99)),
    value('What the flood brings meanwhile', 'MB/s', floodMb),
  ];
}

/** ms of one command after the other, on each instance in turn. */
async function times(instances: readonly TmuxInstance[], ms: number): Promise<number[]> {
  const samples: number[] = [];
  for (const until = performance.now() + ms; performance.now() < until; ) {
    for (const instance of instances) {
      const began = performance.now();
      await instance.sendCommandAndWait('echo x');
      samples.push(performance.now() - began);
    }
  }
  return samples;
}

async function idleUse(instance: TmuxInstance): Promise<{ readonly own: number; readonly server: number }> {
  const [tmux, dash, socket] = instance.attachCommand as unknown as [string, string, string];
  const server = Number(execFileSync(tmux, [dash, socket, 'display-message', '-p', '#{pid}'], { encoding: 'utf8' }));
  const [own, serverMs] = [process.cpuUsage(), cpuMs(server)];
  await delay(IDLE_MS);
  const { user, system } = process.cpuUsage(own);
  return { own: (user + system) / 10 / IDLE_MS, server: ((cpuMs(server) - serverMs) / IDLE_MS) * 100 };
}
