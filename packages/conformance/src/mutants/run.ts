import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { markdown } from './report.ts';
import { countsOf, surprisesOf, tryAll } from './trials.ts';

const page = fileURLToPath(new URL('../../../../docs/conformance.md', import.meta.url));

const startedAt = performance.now();
const trials = await tryAll('whole');
for (const { mutant, findings } of trials) {
  const counts = [...countsOf(findings)].map(([group, count]) => `${group} ${count}`);
  console.error(`${mutant?.name ?? 'unbroken'}: ${counts.join(', ') || 'nothing fails'}`);
}
writeFileSync(page, markdown(trials));
const surprises = trials.flatMap(surprisesOf);
for (const surprise of surprises) console.error(`SURPRISE ${surprise}`);
console.error(`${trials.length} trials in ${Math.round((performance.now() - startedAt) / 1000)} s`);
process.exit(surprises.length === 0 ? 0 : 1);
