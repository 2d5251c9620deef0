import { fileURLToPath } from 'node:url';
import type { RawPipes } from '../children/raw-pipes.ts';
import { percentile } from '../distribution.ts';
import type { Figure } from '../figure.ts';
import { interleave } from '../interleaving.ts';
import type { Side } from '../side.ts';
import type { Workplace } from '../workplace.ts';
import { Dock } from './dock.ts';

const ROUNDS = 25;
const PER_ROUND = 200;
/** Of what takes some 100 ms each: a p99 of them is the slowest. */
const FEW = 5;
const WARM_UP = 2_000;

type Trips = Side<number, Float64Array>;

/** About 100 bytes into a container and back. */
export async function dockerRoundTrip(place: Workplace): Promise<Figure[]> {
  const dock = await Dock.at(place);
  const text = 'x'.repeat(100);
  const [idle, echo] = [await dock.run(['sleep', '1000']), await dock.run(['cat'])];
  const local = { home: place.path('home'), name: 'echo', program: 'echo' };
  const instance = (setting: object): Promise<Trips> =>
    place.side('instance-commands', { ...setting, text, answer: text });
  const argv = ['echo', '-n', text];
  const sides = {
    fifo: await instance(dock.instance('fifo', 'echo', 'fifo')),
    relay: await instance(dock.instance('relay', 'echo', 'exec')),
    process: await instance(local),
    shell: await place.side<number, Float64Array>('instance-commands', {
      ...dock.instance('shell', 'shell', 'fifo'),
      text: argv.join(' '),
      answer: text,
    }),
    rawFifo: await rawFifo(place, dock),
    rawExec: await place.side<number, Float64Array>('container-round-trips', { container: idle, argv: ['cat'] }),
    attach: await place.side<number, Float64Array>('container-round-trips', { container: echo }),
    perCommand: await place.side<number, Float64Array>('exec-commands', { container: idle, argv, answer: text }),
    commandLine: await place.side<number, Float64Array>('spawned-commands', {
      argv: ['docker', 'exec', idle, ...argv],
      answer: text,
    }),
  };
  type Name = keyof typeof sides;
  const slow: readonly Name[] = ['perCommand', 'commandLine'];
  const asks = Object.fromEntries(
    (Object.keys(sides) as Name[]).map((name) => [name, slow.includes(name) ? FEW : PER_ROUND]),
  ) as Record<Name, number>;
  for (const name of Object.keys(sides) as Name[]) await sides[name].ask(slow.includes(name) ? FEW : WARM_UP);
  const turns = Object.fromEntries(
    (Object.keys(sides) as Name[]).map((name) => [name, () => sides[name].ask(asks[name])]),
  ) as Record<Name, () => Promise<Float64Array>>;
  const samples = await interleave(ROUNDS, turns);
  const figure = (name: string, ours: Name, baseline: Name, share = 0.5): Figure => ({
    name: `${name}, p${share * 100}`,
    unit: 'µs',
    ours: samples[ours].map((times) => percentile(times, share)),
    baseline: samples[baseline].map((times) => percentile(times, share)),
    compare: slow.includes(baseline) ? 'speedup' : 'ratio',
  });
  return [
    {
      ...figure('FIFOs (baseline: docker exec per command, Engine API)', 'fifo', 'perCommand'),
      bound: { better: 'higher', limit: 300, goal: 500 },
    },
    figure('FIFOs (baseline: docker exec per command, Engine API)', 'fifo', 'perCommand', 0.99),
    figure('FIFOs (baseline: docker exec per command, command line)', 'fifo', 'commandLine'),
    figure('FIFOs (baseline: raw FIFOs into the container)', 'fifo', 'rawFifo'),
    figure('FIFOs (baseline: raw FIFOs into the container)', 'fifo', 'rawFifo', 0.99),
    figure('FIFOs (baseline: an instance without a container)', 'fifo', 'process'),
    figure('FIFOs (baseline: an instance without a container)', 'fifo', 'process', 0.99),
    figure('FIFOs (baseline: one docker exec -i, cat)', 'fifo', 'rawExec'),
    figure('Relay (baseline: one docker exec -i, cat)', 'relay', 'rawExec'),
    figure('Relay (baseline: one docker exec -i, cat)', 'relay', 'rawExec', 0.99),
    figure('Relay (baseline: docker attach, cat)', 'relay', 'attach'),
    figure('Relay (baseline: docker exec per command, Engine API)', 'relay', 'perCommand'),
    figure('echo in the shell, FIFOs (baseline: docker exec per command, Engine API)', 'shell', 'perCommand'),
  ];
}

/** Two Node ends and two FIFOs, the far end in a container that has them mounted. */
async function rawFifo(place: Workplace, dock: Dock): Promise<Trips> {
  const incoming = await place.fifo('into');
  const outgoing = await place.fifo('out-of');
  const program = fileURLToPath(new URL('../children/container-echo.cjs', import.meta.url));
  const binds = [`${incoming}:/in`, `${outgoing}:/out`, `${program}:/echo.cjs:ro`];
  await dock.run(['node', '/echo.cjs', '/in', '/out'], binds);
  const pipes: RawPipes = { incoming, outgoing, direct: false };
  return await place.side('raw-round-trips', pipes);
}
