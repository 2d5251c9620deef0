import type { CallOptions } from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import type { Engine } from '../engine/engine.ts';
import type { DockerRecord } from './docker-data.ts';
import { volumeNames } from './mounts.ts';
import { labels, ownershipOf, removeOwnContainer } from './own-container.ts';

/** Makes what the container is going to use and the engine does not have: its network (one of somebody else is used, and stays), its volumes. */
export async function makeOwn(engine: Engine, record: DockerRecord, call: CallOptions): Promise<void> {
  const { name, data } = record;
  const own = { [labels.instance]: data.instanceId, [labels.name]: name };
  if (data.ownNetwork && (await engine.inspectNetwork(data.network, call)) === undefined)
    await engine.createNetwork(data.network, own, call);
  for (const volume of volumesOf(record)) await engine.createVolume(volume, own, call);
}

/** Names of the volumes that hold what could not be a directory of this machine. */
function volumesOf({ workspace, data }: DockerRecord): readonly string[] {
  if (data.adopted) return [];
  const { own, workspace: work } = volumeNames(data.instanceId);
  return [...(data.placement === 'injected' ? [own] : []), ...(workspace === undefined ? [work] : [])];
}

/** Removes what the engine has of an instance: container, network and volumes, none of somebody else's. */
export async function removeOwn(engine: Engine, record: DockerRecord, call: Call): Promise<void> {
  const { instanceId, network, ownNetwork } = record.data;
  await removeOwnContainer(engine, ownershipOf(record), call);
  if (ownNetwork) {
    const found = await engine.inspectNetwork(network, call);
    if (found?.labels[labels.instance] === instanceId) await engine.removeNetwork(network, call);
  }
  for (const volume of volumesOf(record)) await engine.removeVolume(volume, call);
}
