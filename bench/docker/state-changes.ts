import type { Noticed } from '../children/state-changes.ts';
import type { Figure } from '../figure.ts';
import type { Side } from '../side.ts';
import type { Workplace } from '../workplace.ts';
import { Dock } from './dock.ts';

const KILLS = 20;

/** From the end that the engine writes down, to the call of `onStateChange`. */
export async function dockerStateChanges(place: Workplace): Promise<Figure[]> {
  const dock = await Dock.at(place);
  const side: Side<null, Noticed> = await place.side('state-changes', dock.instance('killed', 'echo'));
  const samples: Noticed[] = [];
  for (let kill = 0; kill < KILLS; kill++) samples.push(await side.ask(null));
  const figure = (name: string, moment: keyof Noticed): Figure => ({
    name,
    unit: 'ms',
    ours: samples.map((sample) => sample[moment]),
    compare: 'value',
  });
  return [
    figure('Container ended, until the first change of state', 'first'),
    figure('Container ended, until the state is failed, with the reason', 'failed'),
  ];
}
