import { describe, expect, it } from 'vitest';
import { available } from './catalogue.ts';

const SEED = 1;

// The names of what is skipped belong to the last lines that a run prints.
const runnable = available((line) => process.once('exit', () => console.error(line)));

describe('a tenth of each fault campaign', () => {
  it.each(runnable)('$name finds no violation', async ({ count, run }) => {
    const { rows, violations } = await run({ count: Math.ceil(count / 10), seed: SEED, log: () => {} });
    expect(violations).toEqual([]);
    expect(rows.every(({ times }) => times > 0)).toBe(true);
  });
});
