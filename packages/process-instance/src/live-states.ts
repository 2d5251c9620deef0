import { instanceLayout } from '@ccb/container-agent';
import type { CallOptions, InstanceRecord, LiveState } from '@ccb/instance-interface';
import { areLocked } from '@ccb/named-pipe/lock';
import { asProcessRecord } from './process-data.ts';

/** An agent holds its lock for life, so one look at the locks tells which live. */
export async function processStates(
  records: readonly InstanceRecord[],
  call: CallOptions = {},
): Promise<readonly LiveState[]> {
  const locks = records.map((record) => {
    const { name, data } = asProcessRecord(record);
    return instanceLayout(data.directory, name).agentLock;
  });
  return (await areLocked(locks, call)).map((locked) => ({ state: locked ? 'running' : 'stopped' }));
}
