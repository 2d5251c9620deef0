import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentSettings } from './settings.ts';

/**
 * How the agent before this one ended, as the host says; undefined: nobody knows. What was said to an earlier agent does
 * not hold for one that somebody else started with the same settings.
 */
export function previousEnd({
  state,
  launch,
  previousEnd: said,
}: Pick<AgentSettings, 'state' | 'launch' | 'previousEnd'>): string | undefined {
  if (said === undefined || launch === undefined) return said;
  const path = join(state, 'launch');
  if (launch === contentOf(path)) return undefined;
  try {
    writeFileSync(path, launch, { mode: 0o600 });
  } catch {
    // On a full disk a later one may hear it again.
  }
  return said;
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
