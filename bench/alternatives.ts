import { percentile } from './distribution.ts';
import type { Figure } from './figure.ts';
import type { InstanceSetting } from './instance.ts';
import { interleave } from './interleaving.ts';
import type { Side } from './side.ts';
import type { Workplace } from './workplace.ts';

const ROUNDS = 8;
const PER_ROUND = 60;

/** What one would do otherwise: a bash of its own for each command. */
export async function alternatives(place: Workplace): Promise<Figure[]> {
  const [text, answer] = ['echo hello', 'hello\n'];
  const setting: InstanceSetting = { home: place.path('home'), name: 'shell', program: 'shell' };
  await using instance: Side<number, Float64Array> = await place.side('instance-commands', {
    ...setting,
    text,
    answer,
  });
  await using bash: Side<number, Float64Array> = await place.side('spawned-commands', {
    argv: ['bash', '-c', text],
    answer,
  });
  for (const side of [instance, bash]) await side.ask(PER_ROUND);
  const samples = await interleave(ROUNDS, {
    instance: () => instance.ask(PER_ROUND),
    bash: () => bash.ask(PER_ROUND),
  });
  return [0.5, 0.99].map((share) => ({
    name: `echo hello in the shell, p${share * 100} (baseline: spawn bash -c)`,
    unit: 'µs',
    ours: samples.instance.map((times) => percentile(times, share)),
    baseline: samples.bash.map((times) => percentile(times, share)),
    compare: 'ratio',
  }));
}
