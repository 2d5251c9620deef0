import type { ColdStart } from '../children/instance-cold-start.ts';
import type { PlainStart } from '../children/plain-cold-start.ts';
import type { Bound, Figure } from '../figure.ts';
import { interleave } from '../interleaving.ts';
import type { Side } from '../side.ts';
import type { Workplace } from '../workplace.ts';
import { Dock } from './dock.ts';

const ROUNDS = 15;
const BOUND = { better: 'lower', limit: 1.3, goal: 1.15 } as const;
const HELLO = { input: 'echo hello\n', answer: 'hello\n' };
/** A Node that answers its first line: what an agent written for Node cannot do without. */
const NODE = ['node', '-e', "process.stdin.once('data', () => process.stdout.write('hello\\n'))"] as const;

/** From nothing to the first answer of a shell in a new container. */
export async function dockerStart(place: Workplace): Promise<Figure[]> {
  const dock = await Dock.at(place);
  const setting = dock.instance('cold', 'shell', 'fifo');
  const ours: Side<null, ColdStart> = await place.side('instance-cold-start', setting);
  const start = (container: object, argv?: readonly string[]): Promise<Side<null, PlainStart>> =>
    place.side('plain-cold-start', { container, argv, ...HELLO });
  const bash = await start(dock.plain(['bash']));
  const exec = await start(dock.plain(['sleep', '1000']), ['bash']);
  const likeOurs = await start(dock.likeAnInstance(['bash']));
  const node = await start(dock.likeAnInstance([...NODE]));
  const commandLine: Side<number, Float64Array> = await place.side('spawned-commands', {
    argv: ['docker', 'run', '--rm', '--network', 'none', dock.image, 'echo', 'hello'],
    answer: HELLO.answer,
  });
  const turns = {
    ours: () => ours.ask(null),
    bash: () => bash.ask(null),
    exec: () => exec.ask(null),
    likeOurs: () => likeOurs.ask(null),
    node: () => node.ask(null),
    commandLine: () => commandLine.ask(1),
  };
  await interleave<keyof typeof turns, unknown>(1, turns);
  const samples = await interleave<keyof typeof turns, unknown>(ROUNDS, turns);
  const steps = samples.ours as ColdStart[];
  const plain = (name: 'bash' | 'exec' | 'likeOurs' | 'node', step: keyof PlainStart): number[] =>
    (samples[name] as PlainStart[]).map((sample) => sample[step]);
  const versus = (name: string, step: keyof ColdStart, baseline: readonly number[], bound?: Bound): Figure => ({
    name,
    unit: 'ms',
    ours: steps.map((sample) => sample[step]),
    baseline,
    compare: 'ratio',
    bound,
  });
  const alone = (name: string, step: keyof ColdStart): Figure => ({
    name,
    unit: 'ms',
    ours: steps.map((sample) => sample[step]),
    compare: 'value',
  });
  const whole = 'create() until the first answer';
  return [
    versus(`${whole} (baseline: plain container, attach to its bash)`, 'total', plain('bash', 'total'), BOUND),
    versus(`${whole} (baseline: plain container, docker exec -i bash)`, 'total', plain('exec', 'total'), BOUND),
    versus(`${whole} (baseline: the same settings, attach to its bash)`, 'total', plain('likeOurs', 'total')),
    versus(`${whole} (baseline: the same settings, attach to a Node)`, 'total', plain('node', 'total')),
    versus(
      `${whole} (baseline: docker run --rm … echo hello)`,
      'total',
      (samples.commandLine as Float64Array[]).map(([us = Number.NaN]) => us / 1000),
    ),
    versus('of it create() (baseline: the engine, plain)', 'create', plain('bash', 'create')),
    versus('of it the engine starts it (baseline: plain)', 'start', plain('bash', 'start')),
    alone('of it until the agent is reached', 'agent'),
    alone('of it until the shell is ready', 'program'),
    alone('of it the first answer', 'answer'),
  ];
}
