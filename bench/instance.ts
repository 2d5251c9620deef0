import { mkdirSync } from 'node:fs';
import type { AgentInstance } from '@ccb/container-agent';
import { type DockerSpec, dockerBackend } from '@ccb/docker-instance';
import type { LogEntry } from '@ccb/instance-interface';
import { type ProcessInstance, processBackend } from '@ccb/process-instance';

export interface InstanceSetting {
  /** Where instances are kept; also the workspace of those that have no container. */
  readonly home: string;
  readonly name: string;
  readonly program: string;
  /** Absent: it is a process of this machine. */
  readonly container?: Pick<DockerSpec, 'image' | 'workspace' | 'transport' | 'network' | 'limits'> | undefined;
}

/**
 * Not started yet.
 * @param ephemeral gone with this process, even if that is killed; but also as soon as it is stopped
 */
export async function createInstance(setting: InstanceSetting, ephemeral = true): Promise<ProcessInstance> {
  const { home, name, program } = setting;
  mkdirSync(home, { recursive: true });
  return await processBackend({ home }).create({ type: 'process', name, program, workspace: home, ephemeral });
}

/** Not started yet, in a container. */
export async function createContained(
  { home, name, program, container }: InstanceSetting,
  log?: (entry: LogEntry) => void,
): Promise<AgentInstance> {
  return await dockerBackend({ home }).create({ type: 'docker', name, program, log, ...container });
}

export async function startInstance(setting: InstanceSetting): Promise<AgentInstance> {
  const instance = setting.container === undefined ? await createInstance(setting) : await createContained(setting);
  try {
    await instance.start();
    return instance;
  } catch (error) {
    await instance.cleanup({ remove: true });
    throw error;
  }
}
