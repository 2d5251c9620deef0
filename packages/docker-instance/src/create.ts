import { join, resolve } from 'node:path';
import {
  assertFree,
  claimDirectory,
  defaultHome,
  discard,
  type InstanceLayout,
  instanceLayout,
  translated,
  writeRecord,
} from '@ccb/container-agent';
import type { CallOptions, CreateOptions } from '@ccb/instance-interface';
import { adoption } from './container/adoption.ts';
import { containerConfig } from './container/container-config.ts';
import type { DockerRecord } from './container/docker-data.ts';
import { type DockerSpec, parseDockerSpec } from './container/docker-spec.ts';
import { makeOwn, removeOwn } from './container/own-things.ts';
import { recordOf } from './container/record-of.ts';
import { DockerContainer } from './docker-container.ts';
import type { DockerClient } from './engine/docker-client.ts';
import type { Engine, EngineAbout } from './engine/engine.ts';
import { shareEngine } from './engine/shared-engine.ts';
import { defaultImage } from './image/default-image.ts';
import { ensureImage } from './image/need-image.ts';
import { accessOf, filesOf } from './place.ts';

const UNDO_MS = 20_000;

export interface CreateContainerOptions extends CreateOptions {
  readonly docker?: DockerClient | undefined;
  /** Where instances are kept. */
  readonly home?: string | undefined;
}

/** Makes the instance's directory, its hold and its container; nothing is started yet. On any error nothing is left. */
export async function createContainer(
  value: DockerSpec,
  { docker, home = defaultHome(), ...options }: CreateContainerOptions = {},
): Promise<DockerContainer> {
  const spec = parseDockerSpec(value);
  const { name, env, permission, log, maxQueue } = spec;
  const layout = instanceLayout(resolve(spec.directory ?? join(home, 'instances', name)), name);
  const share = shareEngine(docker);
  const { engine } = share;
  const undo: (() => Promise<unknown> | unknown)[] = [() => share.release()];
  try {
    options.signal?.throwIfAborted();
    const about = await engine.about(options);
    const record = spec.adopt
      ? await adoption(spec, spec.adopt.container, layout, engine, options)
      : await plain(spec, layout, engine, about, options);
    // Before the record is written down somewhere: it would take the other one's place.
    assertFree(layout, name);
    await options.onRecord?.(record);
    const lock = await claimDirectory(layout, record, options);
    undo.push(() => lock.release());
    undo.push(() => discard(layout));
    let made = record;
    if (!record.data.adopted) {
      undo.push(() => removeOwn(engine, record, { signal: AbortSignal.timeout(UNDO_MS) }));
      made = await makeContainer(record, layout, engine, about, options);
    }
    writeRecord(layout, made);
    return new DockerContainer(made, { created: true, env, permission, log, maxQueue, lock, engine: share, docker });
  } catch (error) {
    for (const step of undo.reverse()) {
      try {
        await step();
      } catch (reason) {
        log?.({ level: 'error', event: 'create.not_undone', instance: name, reason: String(reason) });
      }
    }
    throw translated(name, error);
  }
}

async function plain(
  spec: DockerSpec,
  layout: InstanceLayout,
  engine: Engine,
  about: EngineAbout,
  call: CallOptions,
): Promise<DockerRecord> {
  await ensureImage(engine, spec.image ?? defaultImage, spec.pull ?? 'missing', undefined, call);
  return recordOf(spec, layout, engine, about);
}

async function makeContainer(
  record: DockerRecord,
  layout: InstanceLayout,
  engine: Engine,
  about: EngineAbout,
  call: CallOptions,
): Promise<DockerRecord> {
  const access = accessOf(record, layout, about);
  await filesOf(record, layout, engine).make(access);
  await makeOwn(engine, record, call);
  const config = containerConfig({ record, layout, plan: access, about });
  const containerId = await engine.createContainer(record.data.containerName, config, call);
  return { ...record, data: { ...record.data, containerId } };
}
