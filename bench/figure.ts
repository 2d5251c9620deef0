import { type Spread, spread } from './distribution.ts';

export type Unit = 'µs' | 'ms' | 'MB/s' | 'MB' | '% of a core' | 'commands/s' | 'files';

/** What a figure must not fall short of, and what it is to reach. Both in terms of what is compared. */
export interface Bound {
  readonly better: 'lower' | 'higher';
  readonly limit: number;
  readonly goal: number;
}

/** One line of the report: samples of both sides, pairwise of the same round. */
export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  readonly ours: readonly number[];
  readonly baseline?: readonly number[] | undefined;
  /** `ratio`: ours over the baseline. `speedup`: the baseline over ours. `difference`: ours less the baseline. `value`: ours alone. */
  readonly compare: 'ratio' | 'speedup' | 'difference' | 'value';
  /** Without one the figure informs, and has no verdict. */
  readonly bound?: Bound | undefined;
}

export type Verdict = 'beaten' | 'held' | 'missed';

/** The comparison, made within each round. */
export function compared({ ours, baseline, compare, name }: Figure): Spread {
  if (compare === 'value') return spread(ours);
  if (baseline?.length !== ours.length) throw new RangeError(`${name}: the sides have not the same number of rounds`);
  return spread(
    ours.map((value, round) => {
      const other = baseline[round] as number;
      if (compare === 'difference') return value - other;
      return compare === 'ratio' ? value / other : other / value;
    }),
  );
}

/** By the median: `beaten` reaches the goal, `held` keeps the limit. */
export function verdictOf(figure: Figure): Verdict | undefined {
  const { bound } = figure;
  if (bound === undefined) return undefined;
  const { median } = compared(figure);
  const reaches = (mark: number): boolean => (bound.better === 'lower' ? median <= mark : median >= mark);
  if (reaches(bound.goal)) return 'beaten';
  return reaches(bound.limit) ? 'held' : 'missed';
}
