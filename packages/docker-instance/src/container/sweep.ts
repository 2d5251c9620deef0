import { instanceDirectories, instanceLayout, readOwnRecord, removeDirectory } from '@ccb/container-agent';
import { InstanceError, type Pruned, type PruneOptions } from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import { anySignal } from '@ccb/instance-interface/abstract';
import { acquireLock } from '@ccb/named-pipe/lock';
import type { AgentPlace } from '../agent/agent-place.ts';
import type { Engine } from '../engine/engine.ts';
import { placeOf } from '../place.ts';
import { asDockerRecord } from './docker-data.ts';

const SWEEP_MS = 10_000;

/**
 * Removes what ephemeral instances left whose holder died: containers that have ended, and directories. A container that
 * still runs has an agent that ends itself soon. Bounded by 10 s, for all of them.
 */
export async function sweepEphemeral(
  engine: Engine,
  home: string,
  { dryRun = false, signal }: PruneOptions = {},
): Promise<readonly Pruned[]> {
  const call = { signal: anySignal(AbortSignal.timeout(SWEEP_MS), signal) };
  const swept: Pruned[] = [];
  for (const directory of instanceDirectories(home)) {
    if (call.signal.aborted) break;
    try {
      const record = readOwnRecord(directory, 'docker', asDockerRecord);
      if (record === undefined || !record.data.ephemeral) continue;
      const layout = instanceLayout(directory, record.name);
      // Held while it is removed, so that nobody opens what is about to go. Locked: its holder lives.
      await using _hold = await acquireLock(layout.lock, call);
      // Nothing was ever put into such a container, so nothing there is ours.
      if (record.data.placement !== 'none') {
        const place = placeOf(record, layout, engine, () => {});
        if (await isAlive(place, call)) continue;
        if (!dryRun) await place.remove(call);
      }
      if (!dryRun) removeDirectory(layout, record);
      swept.push({ type: 'docker', name: record.name, description: 'an ephemeral instance whose holder died' });
    } catch (error) {
      // Without an engine none of them can be looked at; creating will say why. Else it is another instance's trouble,
      // which discovery shows, and no reason not to make a new one.
      if (InstanceError.is(error, 'CCB_BACKEND_UNREACHABLE')) break;
    }
  }
  return swept;
}

async function isAlive(place: AgentPlace, call: Call): Promise<boolean> {
  try {
    return await place.alive(call);
  } catch (error) {
    // It is gone, or on another engine than this one: removing it tells the two apart.
    if (InstanceError.is(error, 'CCB_NOT_FOUND')) return false;
    throw error;
  }
}
