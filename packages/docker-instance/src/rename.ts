import { instanceLayout, moveDirectory } from '@ccb/container-agent';
import { type CallOptions, InstanceError, type InstanceRecord } from '@ccb/instance-interface';
import { anySignal } from '@ccb/instance-interface/abstract';
import { asDockerRecord, type DockerRecord } from './container/docker-data.ts';
import type { Engine } from './engine/engine.ts';
import { placeOf } from './place.ts';

const RENAME_MS = 30_000;

/** A container of ours is removed, and made again under the new name by the next start: what counts is in the directory. */
export async function renameDocker(
  engine: Engine,
  value: InstanceRecord,
  name: string,
  { signal, timeoutMs = RENAME_MS }: CallOptions = {},
): Promise<InstanceRecord> {
  const record = asDockerRecord(value);
  if (record.data.placement !== 'mounted') {
    const message = `${record.name} keeps its files in its container under that name, so it cannot be renamed.`;
    throw new InstanceError('CCB_NOT_SUPPORTED', message, { instance: record.name });
  }
  const call = { signal: anySignal(AbortSignal.timeout(timeoutMs), signal) };
  const layout = instanceLayout(record.data.directory, record.name);
  const place = placeOf(record, layout, engine, () => {});
  return await moveDirectory<DockerRecord>(record, name, {
    ...call,
    isAlive: () => place.alive(call).catch(absent),
    prepare: () => place.remove(call),
    renamed: (moved) => ({ ...moved, data: { ...moved.data, containerName: `ccb-${name}`, containerId: '' } }),
  });
}

function absent(error: unknown): false {
  if (InstanceError.is(error, 'CCB_NOT_FOUND')) return false;
  throw error;
}
