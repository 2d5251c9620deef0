import type { Stream } from './children/transfer.ts';
import type { Figure } from './figure.ts';
import { makeInput } from './inputs.ts';
import { interleave } from './interleaving.ts';
import { instanceThroughput, rawThroughput } from './throughput.ts';
import type { Workplace } from './workplace.ts';

const ROUNDS = 7;
/** Stays in the journal whole: that keeps 64 MiB. */
const MEGABYTES = 48;

/** A finished answer, read again from its begin. */
export async function replay(place: Workplace): Promise<Figure[]> {
  const { path, bytes } = makeInput(place, 'ascii', MEGABYTES);
  const stream: Stream = { argv: ['cat', path], bytes };
  const { ours, raw } = await interleave(ROUNDS, {
    ours: () => instanceThroughput(place, stream, true),
    raw: () => rawThroughput(place, stream),
  });
  const name = 'A finished answer again, from the journal';
  return [
    { name, unit: 'MB/s', ours, compare: 'value', bound: { better: 'higher', limit: 100, goal: 165 } },
    { name: `${name} (baseline: the raw path)`, unit: 'MB/s', ours, baseline: raw, compare: 'ratio' },
  ];
}
