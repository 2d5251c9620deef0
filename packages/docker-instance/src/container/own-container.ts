import { InstanceError } from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import type { ContainerInspection, ContainerSummary, Engine } from '../engine/engine.ts';
import type { DockerRecord } from './docker-data.ts';
import { assertOwnEngine, type OwnEngine } from './own-engine.ts';

export const labels = {
  instance: 'ccb.instance',
  name: 'ccb.name',
  directory: 'ccb.directory',
} as const;

/** What proves that a container, network or volume is this instance's. */
export interface Ownership extends OwnEngine {
  readonly instanceId: string;
}

export function ownershipOf({ name, data }: DockerRecord): Ownership {
  const { containerName, instanceId, directory, engine } = data;
  return { name, containerName, instanceId, directory, engine };
}

/**
 * The instance's container, found by its name and proven by its label; undefined: there is none.
 * @throws {InstanceError} CCB_NAME_TAKEN when a container of somebody else has the name, CCB_NOT_FOUND when it was made on another engine
 */
export async function ownContainer(
  engine: Engine,
  own: Ownership,
  call: Call,
): Promise<ContainerInspection | undefined> {
  const found = await inspection(engine, own.containerName, call);
  if (found === undefined) assertOwnEngine(engine, own);
  if (found === undefined || isOwn(found, own)) return found;
  const message = `${own.name}: the container ${own.containerName} on ${engine.address} is not its own, and was not touched. Rename or remove that one, or choose another name for the instance.`;
  throw new InstanceError('CCB_NAME_TAKEN', message, { instance: own.name });
}

/** A label is anybody's word: the record in the instance's directory is what counts. */
export function isContainerOf({ id, name, labels: has }: ContainerSummary, { data }: DockerRecord): boolean {
  if (data.adopted) return id === data.containerId;
  if (has[labels.instance] !== data.instanceId) return false;
  // The container of a directory that was moved still says where it was.
  return has[labels.directory] === data.directory || name === data.containerName;
}

/** undefined: there is no such container. */
export async function inspection(engine: Engine, id: string, call: Call): Promise<ContainerInspection | undefined> {
  try {
    return await engine.inspectContainer(id, call);
  } catch (error) {
    if (InstanceError.is(error, 'CCB_NOT_FOUND')) return undefined;
    throw error;
  }
}

function isOwn(
  { labels: has }: Pick<ContainerInspection, 'labels'>,
  { instanceId }: Pick<Ownership, 'instanceId'>,
): boolean {
  return has[labels.instance] === instanceId;
}

/**
 * Removes the instance's container, whatever state it is in; nothing that is not its own, nothing to do when it is gone.
 * @throws {InstanceError} CCB_NOT_FOUND when it was made on another engine
 */
export async function removeOwnContainer(engine: Engine, own: Ownership, call: Call): Promise<void> {
  const found = await ownRemains(engine, own, call);
  if (found !== undefined) await engine.removeContainer(found.id, call);
}

/**
 * As ownContainer, to end it: a container of somebody else is no obstacle, as there is none of its own then.
 * @throws {InstanceError} CCB_NOT_FOUND when it was made on another engine
 */
export async function ownRemains(engine: Engine, own: Ownership, call: Call): Promise<ContainerInspection | undefined> {
  const found = await inspection(engine, own.containerName, call);
  if (found === undefined) assertOwnEngine(engine, own);
  return found !== undefined && isOwn(found, own) ? found : undefined;
}
