import type { InstanceLayout } from '@ccb/container-agent';
import type { Call } from '@ccb/instance-interface/abstract';
import { type AgentFiles, MountedFiles, VolumeFiles } from './agent/agent-files.ts';
import type { AgentPlace } from './agent/agent-place.ts';
import { agentSettings } from './agent/agent-settings.ts';
import { InjectedAgent } from './agent/injected-agent.ts';
import { MainProcess } from './agent/main-process.ts';
import { type ContainerPaths, containerPaths } from './agent/paths.ts';
import type { AccessPlan } from './container/access-plan.ts';
import { containerConfig } from './container/container-config.ts';
import { type DockerRecord, ownRoot } from './container/docker-data.ts';
import { workspaceTarget } from './container/mounts.ts';
import { ownershipOf } from './container/own-container.ts';
import { makeOwn, removeOwn } from './container/own-things.ts';
import { planUser } from './container/user.ts';
import type { Engine, EngineAbout } from './engine/engine.ts';

/** In the container's own /tmp, which is gone with its processes. */
const SOCKET = '/tmp/.ccb-agent.sock';

const ownPaths: ContainerPaths = containerPaths(ownRoot, SOCKET, workspaceTarget);

export function filesOf(record: DockerRecord, layout: InstanceLayout, engine: Engine): AgentFiles {
  return record.data.placement === 'mounted'
    ? new MountedFiles(layout, record.program)
    : new VolumeFiles(engine, record, ownPaths);
}

export function accessOf(record: DockerRecord, layout: InstanceLayout, about: EngineAbout): AccessPlan {
  const { name, workspace, data } = record;
  const { user, mounts, security } = data;
  const placement = data.placement === 'mounted' ? 'mounted' : 'injected';
  return planUser({ spec: { name, user, workspace, mounts, security }, layout, about, placement });
}

type PlaceLog = (level: 'info' | 'warn', event: string, fields: Readonly<Record<string, unknown>>) => void;

/** Where the agent of this instance lives. */
export function placeOf(record: DockerRecord, layout: InstanceLayout, engine: Engine, log: PlaceLog): AgentPlace {
  if (record.data.adopted) return injectedAgent(record, engine, log);
  const files = filesOf(record, layout, engine);
  const plan = async (call: Call): Promise<[EngineAbout, AccessPlan]> => {
    const about = await engine.about(call);
    return [about, accessOf(record, layout, about)];
  };
  return new MainProcess({
    engine,
    own: ownershipOf(record),
    paths: ownPaths,
    async furnish(environment, previousEnd, call) {
      const [, access] = await plan(call);
      await files.prepare(agentSettings({ record, paths: ownPaths, environment, previousEnd }), access, call);
    },
    async createContainer(call) {
      const [about, access] = await plan(call);
      await makeOwn(engine, record, call);
      await engine.createContainer(
        record.data.containerName,
        containerConfig({ record, layout, plan: access, about }),
        call,
      );
    },
    removeOwn: (call) => removeOwn(engine, record, call),
    log,
  });
}

function injectedAgent(record: DockerRecord, engine: Engine, log: PlaceLog): AgentPlace {
  const { name, workspace, data } = record;
  const { root, containerId, containerName } = data;
  const paths = containerPaths(root, `${root}/agent.sock`, workspace);
  return new InjectedAgent({
    instance: name,
    engine,
    container: containerId,
    containerName,
    own: ownershipOf(record),
    paths,
    settings: ({ env }, previousEnd) => agentSettings({ record, paths, environment: env, previousEnd }),
    log,
  });
}
