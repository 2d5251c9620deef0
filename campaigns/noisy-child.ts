import { runBesideNoise } from '../packages/container-agent/src/drivers/testing/noise.ts';
import { type CampaignOptions, type CampaignResult, campaign } from './campaign.ts';

/** Commands beside a background child of an earlier one that never stops writing. `count`: commands. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  return await campaign('noisy-child', options, async (field) => {
    const tally = field.row(
      'a command of random size, while a background child of an earlier one writes to both streams all the time',
      'both streams exact; what the child writes is late output of its own command',
    );
    const report = await runBesideNoise({ count: options.count, seed: options.seed });
    tally.times = report.count;
    for (const violation of report.violations) tally.check(false, violation);
  });
}
