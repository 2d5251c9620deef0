import { type AgentData, invalidData, parseAgentData } from '@ccb/container-agent';
import type { InstanceRecord } from '@ccb/instance-interface';
import { type Bad, matching, oneOf, truth } from './fields.ts';
import { type MountSpec, parseMounts } from './mounts.ts';
import { type NetworkWishes, parseAliases, parseExtraHosts, parsePorts } from './network.ts';
import { type LimitSpec, parseLimits, parseSecurity, type SecuritySpec } from './restrictions.ts';

/** What a record of type `docker` holds in `data`: enough to make the container again. No value of a secret. */
export interface DockerData extends AgentData, NetworkWishes {
  /** The address of the engine that the container was made on, such as `unix:///var/run/docker.sock`. */
  readonly engine: string;
  /** Empty before the container exists. */
  readonly containerId: string;
  readonly containerName: string;
  readonly imageName: string;
  readonly pull: 'missing' | 'always' | 'never';
  readonly transport: 'auto' | 'fifo' | 'exec';
  readonly mounts: readonly MountSpec[];
  /** `uid:gid` of the program. Absent in an adopted container: its own. */
  readonly user?: string | undefined;
  readonly limits: LimitSpec;
  readonly security: SecuritySpec;
  /** Made by somebody else, and never removed. */
  readonly adopted: boolean;
  /** The network was made with the instance, and goes with it. */
  readonly ownNetwork: boolean;
  /**
   * Where the agent and its files are. `mounted`: in the instance's directory, which the container sees. `injected`: put into
   * the container, or a volume of it. `none`: nothing can be written there, and each command is an exec of its own.
   */
  readonly placement: 'mounted' | 'injected' | 'none';
  /** Where agent, state and home are in the container. */
  readonly root: string;
}

export type DockerRecord = InstanceRecord<'docker', DockerData>;

/** Of a container of our own. */
export const ownRoot = '/ccb';
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const WORD = /^\S+$/;
const ADDRESS = /^[a-z]+:\/\/\S+$/;

/** @throws {InstanceError} CCB_RECORD_INVALID naming the field */
export function dockerData(record: InstanceRecord): DockerData {
  const invalid: Bad = (field, expected) => invalidData(record, 'docker', field, expected);
  const agent = parseAgentData(record, 'docker');
  const data = record.data as { readonly [K in keyof DockerData]?: unknown };
  const adopted = truth(data.adopted, 'adopted', invalid);
  const placement = oneOf(data.placement, 'placement', ['mounted', 'injected', 'none'], invalid);
  if (placement === 'none' && !adopted) throw invalid('placement', 'mounted or injected in a container of its own');
  if (placement === 'mounted' && adopted) throw invalid('placement', 'injected or none in an adopted container');
  return {
    ...agent,
    engine: matching(data.engine, 'engine', ADDRESS, 'the address of an engine', invalid),
    containerId: matching(
      data.containerId,
      'containerId',
      /^([0-9a-f]{12,64})?$/,
      'the id of a container, or empty',
      invalid,
    ),
    containerName: matching(data.containerName, 'containerName', NAME, 'the name of a container', invalid),
    imageName: matching(data.imageName, 'imageName', WORD, 'the name of an image', invalid),
    network: matching(data.network, 'network', WORD, 'the name of a network', invalid),
    pull: oneOf(data.pull ?? 'missing', 'pull', ['missing', 'always', 'never'], invalid),
    transport: oneOf(data.transport ?? 'auto', 'transport', ['auto', 'fifo', 'exec'], invalid),
    ports: parsePorts(data.ports ?? [], invalid),
    extraHosts: parseExtraHosts(data.extraHosts ?? {}, invalid),
    networkAliases: parseAliases(data.networkAliases ?? [], invalid),
    mounts: parseMounts(data.mounts ?? [], invalid),
    ...(!adopted && { user: matching(data.user, 'user', /^\d{1,10}:\d{1,10}$/, "'uid:gid'", invalid) }),
    limits: parseLimits(data.limits ?? {}, invalid),
    security: parseSecurity(data.security ?? {}, invalid),
    adopted,
    ownNetwork: truth(data.ownNetwork ?? false, 'ownNetwork', invalid),
    placement,
    root: rootOf(data.root ?? ownRoot, adopted && placement === 'injected', invalid),
  };
}

/** What is removed with an instance in a container of somebody else can only be what ccb made there. */
function rootOf(value: unknown, injected: boolean, invalid: Bad): string {
  if (injected)
    return matching(value, 'root', /^\/(\S*\/)?\.ccb-[a-z0-9_-]+$/, 'a directory .ccb-… of an absolute path', invalid);
  if (value !== ownRoot) throw invalid('root', ownRoot);
  return ownRoot;
}

/** @throws {InstanceError} CCB_RECORD_INVALID naming the field */
export function asDockerRecord(record: InstanceRecord): DockerRecord {
  return { ...record, type: 'docker', data: dockerData(record) };
}
