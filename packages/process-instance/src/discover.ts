import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endStrays, instanceLayout } from '@ccb/container-agent';
import { type Discovered, type InstanceRecord, parseRecord } from '@ccb/instance-interface';
import { isLocked } from '@ccb/named-pipe/lock';
import { removeDirectory } from './instance-directory.ts';
import { processData } from './process-data.ts';

/** The process instances whose records lie under `<home>/instances`. What cannot be read is described, not hidden. */
export async function discoverProcesses(home: string): Promise<readonly Discovered[]> {
  const found: Discovered[] = [];
  for (const directory of instanceDirectories(home)) {
    const path = join(directory, 'instance.json');
    let record: InstanceRecord;
    try {
      record = parseRecord(JSON.parse(readFileSync(path, 'utf8')));
      if (record.type !== 'process') continue;
      processData(record);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      const reason = error instanceof Error ? error.message : String(error);
      found.push({ type: 'process', description: `${path} cannot be read: ${reason}`, ours: false });
      continue;
    }
    const { agentLock } = instanceLayout(directory, record.name);
    const state = (await isLocked(agentLock)) ? 'agent running' : 'stopped';
    found.push({ type: 'process', name: record.name, record, description: `${record.program}, ${state}`, ours: true });
  }
  return found;
}

/**
 * Ends and removes what ephemeral instances left whose holder and agent both died before they could.
 * @returns the names of what was removed
 */
export async function sweepEphemeral(home: string): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const { record } of await discoverProcesses(home)) {
    if (record === undefined) continue;
    const { ephemeral, directory, instanceId } = processData(record);
    if (!ephemeral) continue;
    const layout = instanceLayout(directory, record.name);
    // The agent of a holder that died just now cleans up by itself.
    if ((await isLocked(layout.lock)) || (await isLocked(layout.agentLock))) continue;
    endStrays(instanceId);
    removeDirectory(layout);
    swept.push(record.name);
  }
  return swept;
}

function instanceDirectories(home: string): readonly string[] {
  const instances = join(home, 'instances');
  try {
    return readdirSync(instances, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(instances, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
