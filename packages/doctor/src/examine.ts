import { anySignal } from '@ccb/instance-interface/abstract';
import type { InstanceManager } from '@ccb/instance-manager';
import { backendFindings } from './backends.ts';
import { claudeFindings } from './claude.ts';
import { containerFindings } from './container-round-trip.ts';
import type { Finding } from './finding.ts';
import { homeFindings } from './home.ts';
import { leftoverFindings } from './leftovers.ts';
import { machineFindings } from './machine.ts';

const EXAMINE_MS = 90_000;

export interface ExamineOptions {
  readonly manager: InstanceManager;
  /** Where programs and logins are looked for: `PATH`, `HOME`. Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Which one a container is made of, to be looked at and removed. Default: the docker backend's own. */
  readonly image?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For all of it, in ms; default 90 000. */
  readonly timeoutMs?: number | undefined;
}

/** What every probe is given. */
export interface Examination {
  readonly manager: InstanceManager;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly image: string | undefined;
  readonly signal: AbortSignal;
}

type Probe = (examination: Examination) => Promise<readonly Finding[]>;

const PROBES: readonly (readonly [area: string, probe: Probe])[] = [
  ['machine', machineFindings],
  ['home', homeFindings],
  ['claude', claudeFindings],
  ['backends', backendFindings],
  ['docker', containerFindings],
  ['home', leftoverFindings],
];

/**
 * Looks at everything that running agents needs, at once, and tells it in a fixed order. What cannot be looked at is a
 * finding, too; nothing of the person's configuration is read or changed, and nothing that was made to look stays.
 */
export async function* examine(options: ExamineOptions): AsyncGenerator<Finding, void, void> {
  const { manager, env = process.env, image, timeoutMs = EXAMINE_MS } = options;
  const examination = { manager, env, image, signal: anySignal(options.signal, AbortSignal.timeout(timeoutMs)) };
  const answers = PROBES.map(([area, probe]) => attempt(area, probe, examination));
  for (const answer of answers) yield* await answer;
  options.signal?.throwIfAborted();
}

async function attempt(area: string, probe: Probe, examination: Examination): Promise<readonly Finding[]> {
  try {
    return await probe(examination);
  } catch (error) {
    const message = `could not be looked at: ${error instanceof Error ? error.message : String(error)}`;
    return [{ area, name: 'look', status: 'problem', message }];
  }
}
