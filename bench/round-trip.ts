import type { RawPipes } from './children/raw-pipes.ts';
import { percentile } from './distribution.ts';
import type { Figure } from './figure.ts';
import type { InstanceSetting } from './instance.ts';
import { interleave } from './interleaving.ts';
import type { Side } from './side.ts';
import type { Workplace } from './workplace.ts';

const ROUNDS = 40;
const PER_ROUND = 500;
const WARM_UP = 4_000;

type Trips = Side<number, Float64Array>;

/** About 100 bytes there and back. */
export async function roundTrip(place: Workplace): Promise<Figure[]> {
  const raw = await rawTrips(place, false);
  const direct = await rawTrips(place, true);
  const channel = await channelTrips(place);
  const text = 'x'.repeat(100);
  const setting: InstanceSetting & object = { home: place.path('home'), name: 'echo', program: 'echo' };
  const instance: Trips = await place.side('instance-commands', { ...setting, text, answer: text });
  const sides = { raw, direct, channel, instance };
  for (const side of Object.values(sides)) await side.ask(WARM_UP);
  const ask = (side: Trips) => () => side.ask(PER_ROUND);
  const samples = await interleave(ROUNDS, {
    raw: ask(raw),
    direct: ask(direct),
    channel: ask(channel),
    instance: ask(instance),
  });
  await Promise.all(Object.values(sides).map((side) => side[Symbol.asyncDispose]()));
  const at = (side: keyof typeof sides, share: number): number[] =>
    samples[side].map((times) => percentile(times, share));
  const figure = (name: string, side: keyof typeof sides, share: number): Figure => ({
    name,
    unit: 'µs',
    ours: at(side, share),
    baseline: at('raw', share),
    compare: 'ratio',
  });
  return [
    { ...figure('Command and answer, p50', 'instance', 0.5), bound: { better: 'lower', limit: 2.5, goal: 2 } },
    figure('Command and answer, p99', 'instance', 0.99),
    figure('NamedPipeChannel alone, p50', 'channel', 0.5),
    figure('NamedPipeChannel alone, p99', 'channel', 0.99),
    figure('Raw, as fast as Node can (writeSync, onread), p50', 'direct', 0.5),
  ];
}

async function rawTrips(place: Workplace, direct: boolean): Promise<Trips> {
  const pipes: RawPipes = { incoming: await place.fifo('raw'), outgoing: await place.fifo('raw'), direct };
  await place.side('raw-echo', pipes);
  return await place.side('raw-round-trips', pipes);
}

async function channelTrips(place: Workplace): Promise<Trips> {
  const path = place.path('channel');
  await place.side('channel-echo', { path });
  return await place.side('channel-round-trips', { path });
}
