import type { TmuxInstance } from '@ccb/tmux-instance';
import { percentile } from '../distribution.ts';
import type { Bound, Figure } from '../figure.ts';
import { interleave } from '../interleaving.ts';
import type { Workplace } from '../workplace.ts';
import { Panes } from './panes.ts';
import { PolledSession } from './polled-session.ts';

const ROUNDS = 12;
/** Ours are so short that a sample is the median of some. */
const OURS = 20;
const FIFTY_TIMES: Bound = { better: 'higher', limit: 50, goal: 100 };

/** A command and its answer, against a process for each key press and a look at the screen every 50 or 500 ms. */
export async function tmuxCommands(place: Workplace): Promise<Figure[]> {
  const instance = await new Panes(place).start();
  const polled = await PolledSession.start(place);
  for (let warm = 0; warm < 200; warm += 1) await complete(instance);
  const done = await interleave(ROUNDS, {
    ours: () => median(OURS, () => complete(instance)),
    often: () => polled.complete('echo x', 50),
    seldom: () => polled.complete('echo x', 500),
  });
  const first = await interleave(ROUNDS, {
    ours: () => median(OURS, () => firstOutput(instance)),
    often: () => polled.firstOutput(50),
    seldom: () => polled.firstOutput(500),
  });
  const figure = (name: string, ours: number[], baseline: number[], bound?: Bound): Figure => ({
    name,
    unit: 'ms',
    ours,
    baseline,
    compare: 'speedup',
    bound,
  });
  return [
    figure('Send to complete (baseline: spawned, a look every 50 ms)', done.ours, done.often, FIFTY_TIMES),
    figure('Send to complete (baseline: spawned, a look every 500 ms)', done.ours, done.seldom, FIFTY_TIMES),
    figure('Send to first output (baseline: spawned, a look every 50 ms)', first.ours, first.often, FIFTY_TIMES),
    figure('Send to first output (baseline: spawned, a look every 500 ms)', first.ours, first.seldom, FIFTY_TIMES),
  ];
}

async function complete(instance: TmuxInstance): Promise<number> {
  const began = performance.now();
  await instance.sendCommandAndWait('echo x');
  return performance.now() - began;
}

async function firstOutput(instance: TmuxInstance): Promise<number> {
  const began = performance.now();
  const stream = instance.sendCommand('echo begun; sleep 0.01');
  let ms = 0;
  for await (const _ of stream) ms ||= performance.now() - began;
  return ms;
}

async function median(count: number, sample: () => Promise<number>): Promise<number> {
  const samples: number[] = [];
  for (let each = 0; each < count; each += 1) samples.push(await sample());
  return percentile(samples, 0.5);
}
