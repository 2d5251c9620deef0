import type { Driven, FleetOrder, HostUse, Weights } from '../children/fleet.ts';
import { percentile } from '../distribution.ts';
import type { Figure } from '../figure.ts';
import type { Side } from '../side.ts';
import type { Workplace } from '../workplace.ts';
import { Dock } from './dock.ts';

const CONTAINERS = 50;
/** So many are made or ended by one request, which has a deadline. */
const BATCH = 10;
const WINDOWS = 3;
const WINDOW_MS = 2_000;
const MEMORY_BYTES = 96 * 2 ** 20;

/** Fifty containers, driven at once by one process. */
export async function dockerFleet(place: Workplace): Promise<Figure[]> {
  const dock = await Dock.at(place);
  const { container, ...setting } = dock.instance('fleet', 'echo');
  const limits = { memoryBytes: MEMORY_BYTES, pids: 64 };
  const side: Side<FleetOrder, unknown> = await place.side('fleet', {
    ...setting,
    container: { ...container, limits },
  });
  const none = (await side.ask({ add: 0 })) as HostUse;
  const one = (await side.ask({ add: 1 })) as HostUse;
  const alone = (await side.ask({ drive: WINDOW_MS })) as Driven;
  await inBatches(CONTAINERS - 1, (add) => side.ask({ add }));
  const windows: Driven[] = [];
  for (let window = 0; window < WINDOWS; window++) windows.push((await side.ask({ drive: WINDOW_MS })) as Driven);
  const weights = (await side.ask('weigh')) as Weights;
  await inBatches(CONTAINERS, (end) => side.ask({ end }));
  const after = (await side.ask({ add: 0 })) as HostUse;

  const all = `${CONTAINERS} at once`;
  const values = (pick: (window: Driven) => number): number[] => windows.map(pick);
  const last = windows.at(-1) as Driven;
  const figure = (name: string, unit: Figure['unit'], ours: number[], baseline?: number): Figure => ({
    name,
    unit,
    ours,
    baseline: baseline === undefined ? undefined : ours.map(() => baseline),
    compare: baseline === undefined ? 'value' : 'difference',
  });
  return [
    figure(
      `Commands, ${all}`,
      'commands/s',
      values(({ times, seconds }) => times.length / seconds),
    ),
    figure(
      'Commands, one alone',
      'commands/s',
      [alone].map(({ times, seconds }) => times.length / seconds),
    ),
    ...[0.5, 0.99].map((share) =>
      figure(
        `Command and answer, ${all}, p${share * 100}`,
        'µs',
        values(({ times }) => percentile(times, share)),
      ),
    ),
    figure(
      `Processor of the one process, ${all}`,
      '% of a core',
      values(({ cpuPercent }) => cpuPercent),
    ),
    figure(`Memory of the one process, ${all} (baseline: with none)`, 'MB', [last.residentMb], none.residentMb),
    figure(`Open files of the one process, ${all} (baseline: with one)`, 'files', [last.openFiles], one.openFiles),
    figure('Open files when all are gone (baseline: before the first)', 'files', [after.openFiles], none.openFiles),
    figure(
      "Memory of an agent's process (VmRSS)",
      'MB',
      weights.map(({ resident }) => resident),
    ),
    figure(
      'Memory of a container, as the engine counts it',
      'MB',
      weights.map(({ container: whole }) => whole),
    ),
  ];
}

async function inBatches(count: number, ask: (batch: number) => Promise<unknown>): Promise<void> {
  for (let left = count; left > 0; left -= BATCH) await ask(Math.min(BATCH, left));
}
