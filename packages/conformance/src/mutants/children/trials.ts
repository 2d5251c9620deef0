import { memorySpec } from '../../memory/memory-spec.ts';
import { mutants } from '../catalogue.ts';
import { type Findings, findingsOf } from '../trial.ts';

const findings: Findings[] = [];
for (const name of process.argv.slice(2)) {
  const mutant = mutants.find((each) => each.name === name);
  findings.push(await findingsOf(mutant?.spec() ?? memorySpec()));
}
// What a mutant leaves behind would keep the process alive.
process.stdout.write(JSON.stringify(findings), () => process.exit(0));
