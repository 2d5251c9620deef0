import { type CampaignOptions, type CampaignResult, campaign } from './campaign.ts';
import { fuzzAgent } from './fuzz-agent.ts';
import { fuzzClient } from './fuzz-client.ts';
import { Random } from './random.ts';

/** Both ends of the protocol are told nonsense. `count`: lines. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  return await campaign('fuzz', options, async (field) => {
    const random = new Random(options.seed);
    const control = Math.floor(options.count / 20);
    const client = Math.floor(options.count / 2);
    await fuzzAgent(field, random, { pipe: options.count - control - client, control });
    await fuzzClient(field, random, client);
  });
}
