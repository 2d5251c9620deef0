import type { InstanceLayout } from '@ccb/container-agent';
import { containerPaths } from '../agent/paths.ts';
import type { ContainerConfig, EngineAbout, HostConfig } from '../engine/engine.ts';
import type { AccessPlan } from './access-plan.ts';
import type { DockerRecord } from './docker-data.ts';
import {
  bind,
  type EngineMount,
  volume,
  volumeNames,
  workspaceHandle,
  workspaceMount,
  workspaceTarget,
} from './mounts.ts';
import { networkConfig } from './network.ts';
import { labels } from './own-container.ts';
import { limitConfig, type Machine, securityConfig, thisMachine } from './restrictions.ts';

export interface ConfigScene {
  readonly record: DockerRecord;
  readonly layout: InstanceLayout;
  readonly plan: Pick<AccessPlan, 'user' | 'groupAdd'>;
  readonly about: Pick<EngineAbout, 'rootless'>;
  /** Default: this one, where the engine is of it. */
  readonly machine?: Machine | undefined;
}

/** Programs are built and run there, so exec; it counts as memory. */
const TMP = 'rw,exec,nosuid,nodev,size=1g,mode=1777';
const LOG = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } } as const;

/**
 * What the engine makes the instance's container from: as little as an agent needs, unless the record says more by name.
 * No secret is in it: those come by `configure`, over the pipes.
 */
export function containerConfig({ record, layout, plan, about, machine }: ConfigScene): ContainerConfig {
  const { data, name } = record;
  const { HostConfig: network, ...endpoints } = networkConfig(data);
  const { home, agentFile, settings } = paths;
  return {
    Image: data.imageName,
    Entrypoint: ['node', agentFile],
    Cmd: [settings],
    User: plan.user,
    WorkingDir: workspaceTarget,
    Env: [`HOME=${home}`, 'TMPDIR=/tmp'],
    Labels: { [labels.instance]: data.instanceId, [labels.name]: name, [labels.directory]: data.directory },
    Tty: false,
    ...endpoints,
    HostConfig: {
      Init: true,
      ...network,
      Mounts: mounts(record, layout),
      ...temporary(record),
      GroupAdd: plan.groupAdd,
      ...securityConfig(data.security),
      ...limitConfig(data.limits, machine ?? machineOf(record, about)),
      LogConfig: LOG,
      RestartPolicy: { Name: 'no' },
    },
  };
}

const paths = containerPaths('/ccb', '');

function mounts({ workspace, data }: DockerRecord, layout: InstanceLayout): readonly EngineMount[] {
  const theirs = data.mounts.map(bind);
  const volumes = volumeNames(data.instanceId);
  const work =
    workspaceMount(data.mounts) !== undefined
      ? []
      : [
          workspace === undefined
            ? volume(volumes.workspace, workspaceTarget)
            : bind({ source: workspace, target: workspaceTarget }),
        ];
  if (data.placement === 'injected') return [volume(volumes.own, paths.root), ...handles(work), ...theirs];
  return [
    bind({ source: layout.pipesDirectory, target: paths.pipesDirectory, readOnly: true }),
    bind({ source: layout.agentDirectory, target: paths.agentDirectory, readOnly: true }),
    bind({ source: layout.state, target: paths.state }),
    bind({ source: layout.home, target: paths.home }),
    ...work,
    ...theirs,
  ];
}

/** The root of a volume belongs to root, and only from outside it can be given away: it is reached there through another one. */
function handles(work: readonly EngineMount[]): readonly EngineMount[] {
  const volumes = work.filter(({ Type }) => Type === 'volume');
  return [...work, ...volumes.map(({ Source = '' }) => volume(Source, `${paths.root}/${workspaceHandle}`))];
}

function temporary({ data }: DockerRecord): Pick<HostConfig, 'Tmpfs'> {
  return data.mounts.some(({ target }) => target === '/tmp') ? {} : { Tmpfs: { '/tmp': TMP } };
}

/** A rootless engine is commonly given no share of CPUs to deal out, and refuses a container that wants one. */
function machineOf({ data }: DockerRecord, { rootless }: Pick<EngineAbout, 'rootless'>): Machine {
  if (data.placement === 'injected') return {};
  const { memoryBytes, cpus } = thisMachine();
  return { memoryBytes, cpus: rootless ? undefined : cpus };
}
