import { mkdirSync } from 'node:fs';
import { type ProcessInstance, processBackend } from '@ccb/process-instance';

export interface InstanceSetting {
  /** Where instances are kept; also the workspace. */
  readonly home: string;
  readonly name: string;
  readonly program: string;
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

export async function startInstance(setting: InstanceSetting): Promise<ProcessInstance> {
  const instance = await createInstance(setting);
  try {
    await instance.start();
    return instance;
  } catch (error) {
    await instance.cleanup();
    throw error;
  }
}
