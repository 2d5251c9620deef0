import { memorySpec } from '../../memory/memory-spec.ts';
import { mutants } from '../catalogue.ts';
import { findingsOf } from '../trial.ts';

const [, , name] = process.argv;
const mutant = mutants.find((each) => each.name === name);
if (name !== undefined && mutant === undefined) throw new TypeError(`There is no mutant "${name}".`);
const findings = await findingsOf(mutant?.spec() ?? memorySpec());
// What a mutant leaves behind would keep the process alive.
process.stdout.write(JSON.stringify(findings), () => process.exit(0));
