import { type CallOptions, InstanceError, type InstanceRecord, type LiveState } from '@ccb/instance-interface';
import type { ContainerSummary, Engine } from '../engine/engine.ts';
import { asDockerRecord } from './docker-data.ts';
import { isContainerOf } from './own-container.ts';

/** One list of the engine's containers tells of all instances. Without an engine they are `unreachable`. */
export async function dockerStates(
  engine: Engine,
  records: readonly InstanceRecord[],
  call: CallOptions = {},
): Promise<readonly LiveState[]> {
  let containers: readonly ContainerSummary[];
  try {
    containers = await engine.listContainers({}, call);
  } catch (error) {
    if (!InstanceError.is(error)) throw error;
    const problem = error.message;
    return records.map(() => ({ state: 'unreachable', problem }));
  }
  return records.map((each): LiveState => {
    const record = asDockerRecord(each);
    const { engine: own, containerId, containerName } = record.data;
    const container = containers.find((found) => isContainerOf(found, record));
    if (container?.status === 'running') return { state: 'running' };
    if (container?.status === 'paused') return { state: 'unreachable', problem: `${containerName} is paused` };
    if (container === undefined && containerId !== '' && own !== engine.address)
      return { state: 'unreachable', problem: `it was made on ${own}, and this engine is ${engine.address}` };
    return { state: 'stopped' };
  });
}
