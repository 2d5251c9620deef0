import { randomUUID } from 'node:crypto';
import type { AgentSettings } from '@ccb/container-agent';
import type { DockerRecord } from '../container/docker-data.ts';
import { settingsEnvironment } from '../container/environment.ts';
import type { ContainerPaths } from './paths.ts';

/** ms that an ephemeral instance's agent goes on without its host: a host that dies takes it along. */
const HOST_GONE_MS = 3_000;

export interface SettingsScene {
  readonly record: DockerRecord;
  readonly paths: ContainerPaths;
  /** As the engine's inspection of the container says: `NAME=value`. */
  readonly environment: readonly string[];
  readonly previousEnd: string | undefined;
}

/** What the agent in a container is started with. */
export function agentSettings({ record, paths, environment, previousEnd }: SettingsScene): AgentSettings {
  const { name, program, data } = record;
  const { adopted } = data;
  return {
    version: 1,
    name,
    instanceId: data.instanceId,
    // Only a mount is shared with the host: elsewhere it comes by the socket alone.
    pipes: data.placement === 'mounted' ? `${paths.pipesDirectory}/${name}` : undefined,
    socket: paths.socket,
    state: paths.state,
    program,
    programArgs: data.programArgs,
    workspace: paths.workspace,
    env: settingsEnvironment({ container: environment, adopted, program, paths }),
    secrets: data.secrets,
    stall: data.stall,
    ephemeral: data.ephemeral ? { hostGoneMs: HOST_GONE_MS } : undefined,
    // What an exec writes to its stderr is kept by nobody.
    log: adopted ? `${paths.state}/agent.log` : undefined,
    previousEnd,
    launch: randomUUID(),
  };
}
