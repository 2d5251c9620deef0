import { run as agentKilled } from './agent-killed.ts';
import { run as bridgeKilled } from './bridge-killed.ts';
import type { CampaignOptions, CampaignResult } from './campaign.ts';
import { run as claudeKilled, unavailable as noClaude } from './claude-killed.ts';
import { run as dockerFaults, unavailable as noEngine } from './docker-faults.ts';
import { run as frozen } from './frozen.ts';
import { run as fullDisk, unavailable as noSmallDisks } from './full-disk.ts';
import { run as fuzz } from './fuzz.ts';
import { run as hammeredHome } from './hammered-home.ts';
import { run as noisyChild } from './noisy-child.ts';
import { run as pipesChaos } from './pipes-chaos.ts';
import { run as programKilled } from './program-killed.ts';
import { run as shellInterrupts } from './shell-interrupts.ts';
import { run as slowReader } from './slow-reader.ts';
import { unavailable as noTmux, run as tmuxFaults } from './tmux-faults.ts';

import { run as tmuxNeighbours } from './tmux-neighbours.ts';

export interface Campaign {
  readonly name: string;
  /** The whole of it; the tests run a tenth. */
  readonly count: number;
  readonly run: (options: CampaignOptions) => Promise<CampaignResult>;
  /** Why it cannot be run on this machine. */
  readonly unavailable?: () => string | undefined;
}

export const campaigns: readonly Campaign[] = [
  { name: 'bridge-killed', count: 100, run: bridgeKilled },
  { name: 'agent-killed', count: 100, run: agentKilled },
  { name: 'program-killed', count: 100, run: programKilled },
  { name: 'claude-killed', count: 100, run: claudeKilled, unavailable: noClaude },
  { name: 'docker-faults', count: 50, run: dockerFaults, unavailable: noEngine },
  { name: 'tmux-faults', count: 50, run: tmuxFaults, unavailable: noTmux },
  { name: 'tmux-neighbours', count: 10, run: tmuxNeighbours, unavailable: noTmux },
  { name: 'hammered-home', count: 500, run: hammeredHome },
  { name: 'frozen', count: 20, run: frozen },
  { name: 'slow-reader', count: 1_000, run: slowReader },
  { name: 'full-disk', count: 20, run: fullDisk, unavailable: noSmallDisks },
  { name: 'shell-interrupts', count: 400, run: shellInterrupts },
  { name: 'noisy-child', count: 300, run: noisyChild },
  { name: 'pipes-chaos', count: 300, run: pipesChaos },
  { name: 'fuzz', count: 1_000_000, run: fuzz },
];

/** Skips what cannot be run here, and says so; in continuous integration that is an error. */
export function available(log: (line: string) => void, among: readonly Campaign[] = campaigns): readonly Campaign[] {
  return among.filter(({ name, unavailable }) => {
    const reason = unavailable?.();
    if (reason === undefined) return true;
    if (process.env.CI === 'true') throw new Error(`The campaign ${name} cannot be run: ${reason}`);
    log(`${name}: skipped, ${reason}`);
    return false;
  });
}
