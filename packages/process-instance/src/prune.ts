import { endStrays, instanceDirectories, instanceLayout, readOwnRecord, removeDirectory } from '@ccb/container-agent';
import type { Pruned, PruneOptions } from '@ccb/instance-interface';
import { acquireLock, isLocked } from '@ccb/named-pipe/lock';
import { asProcessRecord } from './process-data.ts';

/** Ends and removes what ephemeral instances left whose holder and agent both died before they could. */
export async function pruneProcesses(
  home: string,
  { dryRun = false, signal }: PruneOptions = {},
): Promise<readonly Pruned[]> {
  const pruned: Pruned[] = [];
  for (const directory of instanceDirectories(home)) {
    if (signal?.aborted) break;
    try {
      const record = readOwnRecord(directory, 'process', asProcessRecord);
      if (record === undefined || !record.data.ephemeral) continue;
      const layout = instanceLayout(directory, record.name);
      // The agent of a holder that died just now cleans up by itself.
      if ((await isLocked(layout.lock)) || (await isLocked(layout.agentLock))) continue;
      if (!dryRun) {
        await using _hold = await acquireLock(layout.lock, { signal });
        endStrays(record.data.instanceId);
        removeDirectory(layout, record);
      }
      const description = 'an ephemeral instance whose holder and agent died';
      pruned.push({ type: 'process', name: record.name, description });
    } catch {
      // Another instance's trouble, which discovery shows; it is no reason not to make a new one.
    }
  }
  return pruned;
}
