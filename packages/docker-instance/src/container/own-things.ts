import type { CallOptions } from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import type { Engine } from '../engine/engine.ts';
import type { DockerRecord } from './docker-data.ts';
import { volumeNames } from './mounts.ts';
import { labels, removeOwnContainer } from './own-container.ts';

/** Makes the network that the record names, unless it is there: one of somebody else is used, and stays. */
export async function makeNetwork(engine: Engine, { name, data }: DockerRecord, call: CallOptions): Promise<void> {
  if (!data.ownNetwork || (await engine.inspectNetwork(data.network, call)) !== undefined) return;
  await engine.createNetwork(data.network, { [labels.instance]: data.instanceId, [labels.name]: name }, call);
}

/** Removes what the engine has of an instance: container, network and volumes, each only where its label says so. */
export async function removeOwn(engine: Engine, { name, data }: DockerRecord, call: Call): Promise<void> {
  const { instanceId, containerName, network, ownNetwork, placement } = data;
  await removeOwnContainer(engine, { name, containerName, instanceId }, call);
  if (ownNetwork) {
    const found = await engine.inspectNetwork(network, call);
    if (found?.labels[labels.instance] === instanceId) await engine.removeNetwork(network, call);
  }
  if (placement !== 'injected') return;
  const { own, workspace } = volumeNames(instanceId);
  for (const volume of [own, workspace]) await engine.removeVolume(volume, call);
}
