import { randomUUID } from 'node:crypto';
import type { AgentData, InstanceLayout } from '@ccb/container-agent';
import type { Engine, EngineAbout } from '../engine/engine.ts';
import { defaultImage } from '../image/default-image.ts';
import { type DockerRecord, ownRoot } from './docker-data.ts';
import type { DockerSpec } from './docker-spec.ts';
import { isBuiltIn } from './network.ts';
import { planUser } from './user.ts';

/** What a record says of a container that somebody else made. */
export interface Adopted {
  /** Its engine's address. */
  readonly engine: string;
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly network: string;
  /** Where the agent may keep its files; undefined: nowhere. */
  readonly root: string | undefined;
  readonly workingDirectory: string;
}

/** The record of an instance that is about to be made, everything decided. Looks, and changes nothing. */
export function recordOf(
  spec: DockerSpec,
  layout: InstanceLayout,
  engine: Pick<Engine, 'isLocal' | 'address'>,
  about: Pick<EngineAbout, 'rootless'>,
): DockerRecord {
  const { network = 'bridge' } = spec;
  const placement = engine.isLocal ? 'mounted' : 'injected';
  // A directory of this machine is none of another's.
  const workspace = spec.workspace ?? (engine.isLocal ? process.cwd() : undefined);
  const { user } = planUser({ spec: { ...spec, workspace }, layout, about, placement });
  return {
    ...envelope(spec),
    ...(workspace !== undefined && { workspace }),
    data: {
      ...agentData(spec, layout),
      engine: engine.address,
      containerId: '',
      containerName: `ccb-${spec.name}`,
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
      root: ownRoot,
    },
  };
}

/** The record of an instance in a container that is there already. */
export function adoptedRecord(spec: DockerSpec, layout: InstanceLayout, adopted: Adopted): DockerRecord {
  return {
    ...envelope(spec),
    workspace: spec.workspace ?? adopted.workingDirectory,
    data: {
      ...agentData(spec, layout),
      engine: adopted.engine,
      containerId: adopted.id,
      containerName: adopted.name,
      imageName: adopted.image,
      network: adopted.network,
      pull: 'never',
      transport: 'exec',
      ports: [],
      extraHosts: {},
      networkAliases: [],
      mounts: [],
      limits: {},
      security: {},
      adopted: true,
      ownNetwork: false,
      placement: adopted.root === undefined ? 'none' : 'injected',
      root: adopted.root ?? ownRoot,
    },
  };
}

function envelope({
  name,
  program = 'shell',
}: DockerSpec): Pick<DockerRecord, 'version' | 'name' | 'type' | 'createdAt' | 'program'> {
  return { version: 1, name, type: 'docker', createdAt: new Date().toISOString(), program };
}

function agentData(spec: DockerSpec, layout: InstanceLayout): AgentData {
  return {
    directory: layout.directory,
    instanceId: randomUUID(),
    programArgs: spec.programArgs ?? [],
    secrets: Object.keys(spec.env ?? {}),
    login: spec.login ?? 'instance',
    ephemeral: spec.ephemeral ?? false,
    ...(spec.stall && { stall: spec.stall }),
  };
}
