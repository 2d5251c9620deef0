import { randomUUID } from 'node:crypto';
import type { InstanceLayout } from '@ccb/container-agent';
import type { Engine, EngineAbout } from '../engine/engine.ts';
import { defaultImage } from '../image/default-image.ts';
import type { DockerRecord } from './docker-data.ts';
import type { DockerSpec } from './docker-spec.ts';
import { isBuiltIn } from './network.ts';
import { planUser } from './user.ts';

/** The record of an instance that is about to be made, everything decided. Looks, and changes nothing. */
export function recordOf(
  spec: DockerSpec,
  layout: InstanceLayout,
  engine: Pick<Engine, 'isLocal'>,
  about: Pick<EngineAbout, 'rootless'>,
): DockerRecord {
  const { name, network = 'bridge', env = {} } = spec;
  const placement = engine.isLocal ? 'mounted' : 'injected';
  // A directory of this machine is none of another's.
  const workspace = spec.workspace ?? (engine.isLocal ? process.cwd() : undefined);
  const { user } = planUser({ spec: { ...spec, workspace }, layout, about, placement });
  return {
    version: 1,
    name,
    type: 'docker',
    createdAt: new Date().toISOString(),
    program: spec.program ?? 'shell',
    ...(workspace !== undefined && { workspace }),
    data: {
      directory: layout.directory,
      instanceId: randomUUID(),
      programArgs: spec.programArgs ?? [],
      secrets: Object.keys(env),
      login: spec.login ?? 'instance',
      ephemeral: spec.ephemeral ?? false,
      ...(spec.stall && { stall: spec.stall }),
      containerId: '',
      containerName: `ccb-${name}`,
      imageName: spec.image ?? defaultImage,
      network,
      pull: spec.pull ?? 'missing',
      transport: spec.transport ?? 'auto',
      ports: spec.ports ?? [],
      extraHosts: spec.extraHosts ?? {},
      networkAliases: spec.networkAliases ?? [],
      mounts: spec.mounts ?? [],
      user,
      limits: spec.limits ?? {},
      security: spec.security ?? {},
      adopted: false,
      ownNetwork: !isBuiltIn(network),
      placement,
    },
  };
}
