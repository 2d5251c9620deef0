/** The smallest value that at least this share (0 to 1) of all values does not exceed. */
export function percentile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new RangeError('There is no percentile of no values');
  return value;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spread(values: ArrayLike<number>): Spread {
  return { median: percentile(values, 0.5), min: percentile(values, 0), max: percentile(values, 1) };
}
