import { mutants } from './catalogue.ts';
import type { Mutant } from './mutant.ts';
import type { Findings } from './trial.ts';
import { tryOut } from './trial-process.ts';

/** Trials at a time: most of a trial is waiting for deadlines. */
const atOnce = 8;

export interface Trial {
  /** Absent: the unbroken backend. */
  readonly mutant: Mutant | undefined;
  readonly findings: Findings;
}

/** Tries the unbroken backend and all mutants. @returns in the order of the catalogue */
export async function tryAll(): Promise<readonly Trial[]> {
  const subjects = [undefined, ...mutants];
  const trials: Trial[] = [];
  const next = subjects.entries();
  const work = async (): Promise<void> => {
    for (const [index, mutant] of next) trials[index] = { mutant, findings: await tryOut(mutant?.name) };
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return trials;
}

/** Failing cases by group. */
export function countsOf({ failures }: Findings): ReadonlyMap<string, number> {
  const names = new Map<string, Set<string>>();
  for (const { group, name } of failures) names.set(group, (names.get(group) ?? new Set()).add(name));
  return new Map([...names].map(([group, failed]) => [group, failed.size]));
}

/** What must not be: groups that missed their mutant, and groups that failed where nobody said so. */
export function surprisesOf({ mutant, findings }: Trial): readonly string[] {
  const failing = [...countsOf(findings).keys()];
  if (mutant === undefined) return failing.map((group) => `the unbroken backend fails in "${group}"`);
  const { name, fails, also = [] } = mutant;
  const expected = [fails, ...also.map(({ group }) => group)].map((group) => group.name);
  return [
    ...expected.filter((group) => !failing.includes(group)).map((group) => `"${name}" passes in "${group}"`),
    ...failing.filter((group) => !expected.includes(group)).map((group) => `"${name}" fails in "${group}" too`),
  ];
}
