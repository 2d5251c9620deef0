import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { CampaignResult } from './campaign.ts';
import { available, campaigns } from './catalogue.ts';
import { markdown, table } from './report.ts';

const DEFAULT_SEED = 20_260_101;
const report = fileURLToPath(new URL('../docs/campaigns.md', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string' }, seed: { type: 'string' } },
});
const seed = whole('seed', values.seed) ?? DEFAULT_SEED;
const count = whole('count', values.count);
const unknown = positionals.filter((name) => !campaigns.some((each) => each.name === name));
if (unknown.length > 0) {
  console.error(`No such campaign: ${unknown.join(', ')}. There are ${campaigns.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}

const runnable = available((line) => console.error(line));
const chosen = positionals.length === 0 ? runnable : runnable.filter(({ name }) => positionals.includes(name));
const results: CampaignResult[] = [];
for (const each of chosen) {
  const startedAt = performance.now();
  console.error(`${each.name}: ${count ?? each.count} (seed ${seed})`);
  results.push(await each.run({ count: count ?? each.count, seed, log: (line) => console.error(line) }));
  console.error(`${each.name}: ended after ${Math.round((performance.now() - startedAt) / 1000)} s`);
}

console.log(table(results));
// Anything less is not the table that the project shows.
if (results.length === campaigns.length && count === undefined) writeFileSync(report, markdown(results, seed));
const violations = results.flatMap((result) => result.violations.map((violation) => `${result.name}: ${violation}`));
for (const violation of violations) console.error(`VIOLATION ${violation}`);
process.exit(violations.length === 0 ? 0 : 1);

function whole(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new TypeError(`--${name} must be a whole number from 1, not ${text}`);
  return value;
}
