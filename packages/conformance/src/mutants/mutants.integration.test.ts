import { beforeAll, describe, expect, test } from 'vitest';
import { mutants } from './catalogue.ts';
import { surprisesOf, type Trial, tryAll } from './trials.ts';

/** ms for all trials together; the whole suite for each is `pnpm mutants`. */
const trialsMs = 300_000;

describe('the suite', () => {
  let trials: readonly Trial[];

  beforeAll(async () => {
    trials = await tryAll('named');
  }, trialsMs);

  const surprises = (name: string | undefined): readonly string[] =>
    trials.filter(({ mutant }) => mutant?.name === name).flatMap(surprisesOf);

  test('finds nothing wrong with a correct backend', () => {
    expect(trials[0]?.mutant).toBe(undefined);
    expect(surprises(undefined)).toEqual([]);
  });

  test('knows every mutant by a name of its own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  test.each(mutants)('finds the backend that $name, in the group $fails.name', ({ name }) => {
    expect(surprises(name)).toEqual([]);
  });
});
