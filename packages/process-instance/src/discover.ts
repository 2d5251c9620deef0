import { endStrays, instanceDirectories, instanceLayout, readOwnRecord, removeDirectory } from '@ccb/container-agent';
import type { Discovered } from '@ccb/instance-interface';
import { isLocked } from '@ccb/named-pipe/lock';
import { asProcessRecord } from './process-data.ts';

/** The process instances whose records lie under `<home>/instances`. What cannot be read is described, not hidden. */
export async function discoverProcesses(home: string): Promise<readonly Discovered[]> {
  const found: Discovered[] = [];
  for (const directory of instanceDirectories(home)) {
    try {
      const record = readOwnRecord(directory, 'process', asProcessRecord);
      if (record === undefined) continue;
      const state = (await isLocked(instanceLayout(directory, record.name).agentLock)) ? 'agent running' : 'stopped';
      found.push({
        type: 'process',
        name: record.name,
        record,
        description: `${record.program}, ${state}`,
        ours: true,
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      found.push({ type: 'process', description: `${directory} cannot be used: ${reason}`, ours: false });
    }
  }
  return found;
}

/**
 * Ends and removes what ephemeral instances left whose holder and agent both died before they could.
 * @returns the names of what was removed
 */
export async function sweepEphemeral(home: string): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const directory of instanceDirectories(home)) {
    try {
      const record = readOwnRecord(directory, 'process', asProcessRecord);
      if (record === undefined || !record.data.ephemeral) continue;
      const layout = instanceLayout(directory, record.name);
      // The agent of a holder that died just now cleans up by itself.
      if ((await isLocked(layout.lock)) || (await isLocked(layout.agentLock))) continue;
      endStrays(record.data.instanceId);
      removeDirectory(layout, record);
      swept.push(record.name);
    } catch {
      // Another instance's trouble, which discovery shows; it is no reason not to make a new one.
    }
  }
  return swept;
}
