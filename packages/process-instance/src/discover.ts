import { instanceDirectories, instanceLayout, readOwnRecord } from '@ccb/container-agent';
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
