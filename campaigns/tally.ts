/** One row of the table: what was done, how often, and what came of it. */
export interface Row {
  readonly what: string;
  readonly times: number;
  readonly asserted: string;
  readonly violations: number;
  readonly figures: string;
}

/** Counts what happened, keeps the worst of each figure, and notes whatever was not as it must be. */
export class Tally {
  times = 0;
  readonly violations: string[] = [];
  readonly #what: string;
  readonly #asserted: string;
  readonly #counts = new Map<string, number>();
  readonly #most = new Map<string, { readonly value: number; readonly unit: string }>();

  constructor(what: string, asserted: string) {
    this.#what = what;
    this.#asserted = asserted;
  }

  check(holds: boolean, violation: string | (() => string)): void {
    if (!holds) this.violations.push(typeof violation === 'string' ? violation : violation());
  }

  same(name: string, actual: string, expected: string): void {
    this.check(actual === expected, () => `${name} ${difference(actual, expected)}`);
  }

  /** `actual` is a beginning of `whole`: no hole, no repetition, nothing foreign. */
  beginning(name: string, actual: string, whole: string): void {
    this.check(whole.startsWith(actual), () => `${name} ${difference(actual, whole.slice(0, actual.length))}`);
  }

  count(figure: string, by = 1): void {
    this.#counts.set(figure, (this.#counts.get(figure) ?? 0) + by);
  }

  most(figure: string, value: number, unit: string): void {
    const known = this.#most.get(figure);
    if (known === undefined || value > known.value) this.#most.set(figure, { value, unit });
  }

  row(): Row {
    const counts = [...this.#counts].map(([figure, count]) => `${count} ${figure}`);
    const most = [...this.#most].map(([figure, { value, unit }]) => `${figure} ≤ ${shown(value)} ${unit}`);
    return {
      what: this.#what,
      times: this.times,
      asserted: this.#asserted,
      violations: this.violations.length,
      figures: [...counts, ...most].join('; '),
    };
  }
}

function shown(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(2)));
}

function difference(actual: string, expected: string): string {
  let at = 0;
  while (at < actual.length && actual[at] === expected[at]) at += 1;
  const around = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 20), at + 40));
  return `differs at ${at} (${actual.length} characters, ${expected.length} expected): ${around(actual)}, not ${around(expected)}`;
}
