import { run as agentKilled } from './agent-killed.ts';
import { run as bridgeKilled } from './bridge-killed.ts';
import type { CampaignOptions, CampaignResult } from './campaign.ts';
import { run as frozen } from './frozen.ts';
import { run as fullDisk } from './full-disk.ts';
import { run as pipesChaos } from './pipes-chaos.ts';
import { run as programKilled } from './program-killed.ts';
import { run as shellInterrupts } from './shell-interrupts.ts';
import { run as slowReader } from './slow-reader.ts';

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
  { name: 'frozen', count: 20, run: frozen },
  { name: 'slow-reader', count: 1_000, run: slowReader },
  { name: 'full-disk', count: 20, run: fullDisk },
  { name: 'shell-interrupts', count: 400, run: shellInterrupts },
  { name: 'pipes-chaos', count: 300, run: pipesChaos },
];
