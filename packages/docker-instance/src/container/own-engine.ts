import { realpathSync } from 'node:fs';
import { InstanceError } from '@ccb/instance-interface';
import type { Engine } from '../engine/engine.ts';

/** Where an instance's container was made. */
export interface OwnEngine {
  readonly name: string;
  readonly containerName: string;
  readonly directory: string;
  /** The engine's address. */
  readonly engine: string;
}

/**
 * For a container that this engine does not have: it may be on the one that it was made on.
 * @throws {InstanceError} CCB_NOT_FOUND when that is another one
 */
export function assertOwnEngine(engine: Pick<Engine, 'address'>, own: OwnEngine): void {
  if (isSame(engine.address, own.engine)) return;
  const { name, containerName, directory } = own;
  const message = [
    `${name}: its container ${containerName} was made on the engine at ${own.engine}, and the one at ${engine.address} has none of it; nothing was made or removed there.`,
    `Ask that one: DOCKER_HOST=${own.engine}, or the docker context of it. If that engine is gone for good, remove ${directory}.`,
  ].join(' ');
  throw new InstanceError('CCB_NOT_FOUND', message, { instance: name });
}

function isSame(one: string, other: string): boolean {
  return one === other || resolved(one) === resolved(other);
}

/** One socket may have several paths: /var/run is commonly a link to /run. */
function resolved(address: string): string {
  if (!address.startsWith('unix://')) return address;
  try {
    return `unix://${realpathSync(address.slice('unix://'.length))}`;
  } catch {
    return address;
  }
}
