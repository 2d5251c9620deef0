import { memorySpec } from '../../memory/memory-spec.ts';
import { mutants } from '../catalogue.ts';
import { expectedOf } from '../mutant.ts';
import { type Findings, findingsOf } from '../trial.ts';
import type { Edition } from '../trial-process.ts';

const findings: Findings[] = [];
const [edition, ...names] = process.argv.slice(2) as [Edition, ...string[]];
for (const name of names) {
  const mutant = mutants.find((each) => each.name === name);
  const groups = edition === 'named' && mutant !== undefined ? expectedOf(mutant) : undefined;
  findings.push(await findingsOf(mutant?.spec() ?? memorySpec(), groups));
}
// What a mutant leaves behind would keep the process alive.
process.stdout.write(JSON.stringify(findings), () => process.exit(0));
