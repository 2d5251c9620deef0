import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CallOptions, InstanceError, type Pruned, type PruneOptions } from '@ccb/instance-interface';
import type { ContainerSummary, Engine } from '../engine/engine.ts';
import { labels } from './own-container.ts';
import { sweepEphemeral } from './sweep.ts';

/**
 * Removes what nobody has any more: ephemeral instances whose holder died, and containers of instances of this home whose
 * directory is gone. Without an engine there is nothing that could be confirmed dead.
 */
export async function pruneDocker(
  engine: Engine,
  home: string,
  options: PruneOptions = {},
): Promise<readonly Pruned[]> {
  const swept = await sweepEphemeral(engine, home, options);
  const containers = await engine.listContainers({}, options).catch((error: unknown) => {
    if (InstanceError.is(error, 'CCB_BACKEND_UNREACHABLE')) return [];
    throw error;
  });
  const strays = containers.filter((container) => isStray(container, home));
  const removed = strays.map(async (container): Promise<Pruned> => {
    const { name, labels: has } = container;
    const description = `container ${name}, left of an instance whose directory is gone`;
    const problem = options.dryRun === true ? undefined : await removal(engine, container, options);
    return { type: 'docker', name: has[labels.name], description, ...(problem !== undefined && { problem }) };
  });
  return [...swept, ...(await Promise.all(removed))];
}

/** The directory that its label names, below this home, is not there. */
function isStray({ labels: has }: ContainerSummary, home: string): boolean {
  const directory = has[labels.directory];
  if (has[labels.instance] === undefined || directory === undefined) return false;
  return dirname(directory) === join(home, 'instances') && !existsSync(directory);
}

async function removal(engine: Engine, { id }: ContainerSummary, call: CallOptions): Promise<string | undefined> {
  try {
    await engine.removeContainer(id, call);
    return undefined;
  } catch (error) {
    if (InstanceError.is(error, 'CCB_NOT_FOUND')) return undefined;
    return error instanceof Error ? error.message : String(error);
  }
}
