import { runChaos } from '../packages/named-pipe/src/testing/chaos.ts';
import { type CampaignOptions, type CampaignResult, campaign } from './campaign.ts';

/** Two processes on one channel, killed, frozen and started again. `count`: strikes. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  return await campaign('pipes-chaos', options, async (field) => {
    const tally = field.row(
      'SIGKILL of one end of a channel or of both, half of them frozen before, the survivor sometimes frozen meanwhile',
      'both ends name each other again within 15 s; nothing stale, torn or out of order is delivered',
    );
    const chaos = await runChaos({ iterations: options.count, seed: options.seed });
    tally.times = options.count;
    tally.check(chaos.converged === options.count, `converged ${chaos.converged} of ${options.count} times`);
    for (const violation of chaos.violations) tally.check(false, violation);
    tally.count('messages delivered', chaos.delivered);
    tally.most('met again', chaos.slowestMs, 'ms');
  });
}
