import { run as agentKilled } from './agent-killed.ts';
import { run as bridgeKilled } from './bridge-killed.ts';
import type { CampaignOptions, CampaignResult } from './campaign.ts';
import { run as programKilled } from './program-killed.ts';

export interface Campaign {
  readonly name: string;
  /** The whole of it; the tests run a tenth. */
  readonly count: number;
  readonly run: (options: CampaignOptions) => Promise<CampaignResult>;
}

export const campaigns: readonly Campaign[] = [
  { name: 'bridge-killed', count: 100, run: bridgeKilled },
  { name: 'agent-killed', count: 100, run: agentKilled },
  { name: 'program-killed', count: 100, run: programKilled },
];
