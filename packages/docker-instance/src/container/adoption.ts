import { randomBytes } from 'node:crypto';
import type { InstanceLayout } from '@ccb/container-agent';
import { type CallOptions, InstanceError } from '@ccb/instance-interface';
import { anySignal } from '@ccb/instance-interface/abstract';
import { lookAround } from '../agent/foothold.ts';
import type { ContainerInspection, Engine } from '../engine/engine.ts';
import type { DockerRecord } from './docker-data.ts';
import type { DockerSpec } from './docker-spec.ts';
import { labels } from './own-container.ts';
import { adoptedRecord } from './record-of.ts';

const LOOK_MS = 30_000;

/**
 * The record of an instance in a container that somebody else made, which is started where it does not run.
 * @throws {InstanceError} CCB_NOT_FOUND, CCB_NAME_TAKEN (it is an instance already), CCB_PROGRAM_NOT_FOUND (it has no Node)
 */
export async function adoption(
  spec: DockerSpec,
  container: string,
  layout: InstanceLayout,
  engine: Engine,
  { signal, timeoutMs = LOOK_MS }: CallOptions,
): Promise<DockerRecord> {
  const call = { signal: anySignal(AbortSignal.timeout(timeoutMs), signal) };
  const found = await engine.inspectContainer(container, call);
  assertAdoptable(spec.name, found);
  if (!found.state.running) await engine.startContainer(found.id, call);
  const { directory, workingDirectory } = await lookAround(engine, found.name, call);
  const [network = 'none'] = Object.keys(found.networks);
  return adoptedRecord(spec, layout, {
    engine: engine.address,
    id: found.id,
    name: found.name,
    image: found.image,
    network,
    root: directory && `${directory}/.ccb-${spec.name}-${randomBytes(4).toString('hex')}`,
    workingDirectory,
  });
}

function assertAdoptable(instance: string, { name, state, labels: has }: ContainerInspection): void {
  const owner = has[labels.name];
  if (has[labels.instance] !== undefined) {
    const message = `${instance}: the container ${name} is the instance ${owner ?? '?'} already (${has[labels.directory] ?? 'of a directory unknown'}). Open that one.`;
    throw new InstanceError('CCB_NAME_TAKEN', message, { instance });
  }
  if (state.paused) {
    const message = `${instance}: the container ${name} is paused. Let it go on with: docker unpause ${name}`;
    throw new InstanceError('CCB_INVALID_STATE', message, { instance, retryable: true });
  }
}
