import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import {
  assertFree,
  claimDirectory,
  defaultHome,
  discard,
  furnish,
  instanceLayout,
  translated,
} from '@ccb/container-agent';
import type { CreateOptions } from '@ccb/instance-interface';
import type { ProcessRecord } from './process-data.ts';
import { ProcessInstance } from './process-instance.ts';
import { type ProcessSpec, parseProcessSpec } from './process-spec.ts';

/** Makes the instance's directory and hold; nothing is started yet. On any error nothing is left. */
export async function createProcess(
  value: ProcessSpec,
  options: CreateOptions = {},
  home: string = defaultHome(),
): Promise<ProcessInstance> {
  const spec = parseProcessSpec(value);
  const { name, env = {}, permission, log, maxQueue } = spec;
  const directory = resolve(spec.directory ?? join(home, 'instances', name));
  const layout = instanceLayout(directory, name);
  const record: ProcessRecord = {
    version: 1,
    name,
    type: 'process',
    createdAt: new Date().toISOString(),
    program: spec.program ?? 'shell',
    workspace: spec.workspace ?? process.cwd(),
    data: {
      directory,
      instanceId: randomUUID(),
      programArgs: spec.programArgs ?? [],
      secrets: Object.keys(env),
      login: spec.login ?? 'instance',
      ephemeral: spec.ephemeral ?? false,
      ...(spec.stall && { stall: spec.stall }),
    },
  };
  options.signal?.throwIfAborted();
  // Before the record is written down somewhere: it would take the other one's place.
  assertFree(layout, name);
  await options.onRecord?.(record);
  try {
    const lock = await claimDirectory(layout, record, options);
    try {
      await furnish(layout, record.program);
      return new ProcessInstance(record, { created: true, env, permission, log, maxQueue, lock });
    } catch (error) {
      discard(layout);
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw translated(name, error);
  }
}
