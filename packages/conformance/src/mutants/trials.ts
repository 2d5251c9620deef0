import { mutants } from './catalogue.ts';
import { expectedOf, type Mutant } from './mutant.ts';
import type { Findings } from './trial.ts';
import { type Edition, tryOut } from './trial-process.ts';

/** Processes at a time: most of a trial is waiting for deadlines. */
const atOnce = 12;
const unbroken = 'the unbroken backend';

export interface Trial {
  /** Absent: the unbroken backend. */
  readonly mutant: Mutant | undefined;
  readonly findings: Findings;
}

/** Tries the unbroken backend and all mutants. @returns in the order of the catalogue */
export async function tryAll(edition: Edition): Promise<readonly Trial[]> {
  const subjects = [undefined, ...mutants];
  // Those of one subject have the same deadlines to wait for: neighbours go to different processes.
  const shares = Array.from({ length: atOnce }, (_, share) => subjects.filter((_, index) => index % atOnce === share));
  const found = await Promise.all(
    shares.map((share) =>
      tryOut(
        edition,
        share.map((mutant) => mutant?.name ?? unbroken),
      ),
    ),
  );
  return subjects.map((mutant, index) => {
    const findings = found[index % atOnce]?.[Math.floor(index / atOnce)];
    if (findings === undefined) throw new Error(`There are no findings about ${mutant?.name ?? unbroken}.`);
    return { mutant, findings };
  });
}

/** Failing cases by group. */
export function countsOf({ failures }: Findings): ReadonlyMap<string, number> {
  const names = new Map<string, Set<string>>();
  for (const { group, name } of failures) names.set(group, (names.get(group) ?? new Set()).add(name));
  return new Map([...names].map(([group, failed]) => [group, failed.size]));
}

/** What must not be: groups that missed their mutant, and groups that failed where nobody said so, with the cases. */
export function surprisesOf({ mutant, findings }: Trial): readonly string[] {
  const subject = mutant === undefined ? unbroken : `the one that "${mutant.name}"`;
  const names = mutant === undefined ? [] : expectedOf(mutant);
  const failing = countsOf(findings);
  return [
    ...names.filter((name) => !failing.has(name)).map((name) => `${subject} passes in "${name}"`),
    ...findings.failures
      .filter(({ group }) => !names.includes(group))
      .map(({ group, name, reason }) => `${subject} fails in "${group}": ${name}: ${reason}`),
  ];
}
