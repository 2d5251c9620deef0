import type { CampaignResult } from './campaign.ts';

const COLUMNS = ['Campaign', 'What was done', 'Times', 'Asserted each time', 'Violations', 'Figures'];

export function table(results: readonly CampaignResult[]): string {
  const rows = results.flatMap(({ name, rows }) =>
    rows.map(({ what, times, asserted, violations, figures }) => [name, what, times, asserted, violations, figures]),
  );
  return [COLUMNS, COLUMNS.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n');
}

export function markdown(results: readonly CampaignResult[], seed: number): string {
  const strikes = results.flatMap(({ rows }) => rows).reduce((sum, { times }) => sum + times, 0);
  const violations = results.reduce((sum, result) => sum + result.violations.length, 0);
  return `# Fault campaigns

What the guarantees of [the architecture](architecture.md) come to when processes are killed, frozen and starved at
random moments. Real processes, real pipes, real disks; the moments are drawn from a seed. Made by

\`\`\`
pnpm campaign
\`\`\`

with Node.js ${process.version}, seed ${seed}: ${strikes} strikes, ${violations} violations. [campaigns/README.md](../campaigns/README.md) says how to run one of them. Times
depend on the machine and on what else it does; only those that an assertion names are promises.

${table(results)}
`;
}

function cell(value: string | number): string {
  return String(value).replaceAll('|', '\\|').replaceAll('\n', ' ');
}
