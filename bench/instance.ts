import { mkdirSync } from 'node:fs';
import { type ProcessInstance, processBackend } from '@ccb/process-instance';

export interface InstanceSetting {
  /** Where instances are kept; also the workspace. */
  readonly home: string;
  readonly name: string;
  readonly program: string;
}

/** Not started yet; gone with this process, even if that is killed. */
export async function createInstance({ home, name, program }: InstanceSetting): Promise<ProcessInstance> {
  mkdirSync(home, { recursive: true });
  return await processBackend({ home }).create({ type: 'process', name, program, workspace: home, ephemeral: true });
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
