import { mkdirSync } from 'node:fs';
import type { Figure } from './figure.ts';
import { interleave } from './interleaving.ts';
import type { Side } from './side.ts';
import type { Workplace } from './workplace.ts';

const ROUNDS = 3;
const CHANNELS = 500;
const WINDOW_MS = 5_000;

/** What 500 channels cost that are up and say nothing, against the same process without any. */
export async function idleChannels(place: Workplace): Promise<Figure[]> {
  const directory = place.path('channels');
  mkdirSync(directory);
  const side = (count: number, end: 'listen' | 'connect'): Promise<Side<number, number>> =>
    place.side('idle-channels', { directory, count, end });
  await using full = await side(CHANNELS, 'listen');
  await using _peer = await side(CHANNELS, 'connect');
  await using empty = await side(0, 'listen');
  const { ours, baseline } = await interleave(ROUNDS, {
    ours: () => full.ask(WINDOW_MS),
    baseline: () => empty.ask(WINDOW_MS),
  });
  return [{ name: `${CHANNELS} idle channels`, unit: '% of a core', ours, baseline, compare: 'difference' }];
}
