import type { Examination } from './examine.ts';
import type { Finding } from './finding.ts';

/** What ccb would remove, and records that nobody can read. */
export async function leftoverFindings({ manager, signal }: Examination): Promise<readonly Finding[]> {
  const about = { area: 'home', name: 'leftovers' } as const;
  const [pruned, listed] = await Promise.all([manager.prune({ dryRun: true, signal }), manager.list({ signal })]);
  const found = pruned.filter(({ problem }) => problem === undefined);
  const broken = listed.filter(({ record }) => record === undefined);
  const leftovers: Finding =
    found.length === 0
      ? { ...about, status: 'ok', message: `none; ${listed.length} instances` }
      : { ...about, status: 'warning', message: found.map((each) => each.description).join('; '), fix: 'ccb prune' };
  return [
    leftovers,
    ...broken.map(
      ({ name, problem = '' }): Finding => ({
        area: 'home',
        name: 'record',
        status: 'problem',
        message: problem,
        fix: `ccb rm -f ${name}`,
      }),
    ),
  ];
}
