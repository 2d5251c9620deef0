import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import type { DockerRecord } from '../container/docker-data.ts';
import { labels } from '../container/own-container.ts';

/** What is looked for: everything of these instances. */
export interface Traces {
  /** Where instances are kept. */
  readonly home: string;
  readonly instanceIds: readonly string[];
}

/** Something of an instance that an engine keeps. */
export interface Kept {
  readonly kind: 'container' | 'network' | 'volume';
  readonly id: string;
  /** By force. */
  remove(): Promise<void>;
}

/**
 * What is alive of the instances, or was left of them: containers, networks, volumes, processes, files.
 * @param spared those of them that live on
 */
export async function leaksOf(
  { home, instanceIds }: Traces,
  spared: readonly DockerRecord[] = [],
): Promise<readonly string[]> {
  const ids = instanceIds.filter((id) => !spared.some(({ data }) => data.instanceId === id));
  const directories = spared.map(({ data }) => data.directory);
  const kept = await keptOf(ids);
  return [
    ...kept.map(({ kind, id }) => `${kind} ${id}`),
    ...processesOf(ids).map((pid) => `process ${pid}: ${commandLine(pid)}`),
    ...entriesBelow(join(home, 'instances')).filter(
      (path) => !directories.some((directory) => `${path}/`.startsWith(`${directory}/`)),
    ),
  ];
}

/** What the engine has of the instances, by its label. */
export async function keptOf(instanceIds: readonly string[]): Promise<readonly Kept[]> {
  const engine = new Docker();
  const filters = JSON.stringify({ label: [labels.instance] });
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    engine.listContainers({ all: true, filters }),
    engine.listNetworks({ filters }),
    engine.listVolumes({ filters }),
  ]);
  const ours = (labelled: Readonly<Record<string, string>> | undefined): boolean =>
    instanceIds.includes(labelled?.[labels.instance] ?? '');
  const kept: Kept[] = [];
  for (const { Id: id, Labels } of containers) {
    const remove = (): Promise<void> => engine.getContainer(id).remove({ force: true, v: true });
    if (ours(Labels)) kept.push({ kind: 'container', id, remove });
  }
  for (const { Id: id, Labels } of networks) {
    if (ours(Labels)) kept.push({ kind: 'network', id, remove: () => engine.getNetwork(id).remove() });
  }
  for (const { Name: id, Labels } of volumes ?? []) {
    if (ours(Labels)) kept.push({ kind: 'volume', id, remove: () => engine.getVolume(id).remove({ force: true }) });
  }
  return kept;
}

/** The programs of these instances, and what they started: this machine sees those of its containers too. */
function processesOf(instanceIds: readonly string[]): readonly number[] {
  const marks = new Set(instanceIds.map((id) => `CCB_INSTANCE=${id}`));
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid)
    .filter((pid) =>
      contentOf(`/proc/${pid}/environ`)
        .split('\0')
        .some((variable) => marks.has(variable)),
    );
}

function commandLine(pid: number): string {
  return contentOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Gone, or somebody else's.
    return '';
  }
}

function entriesBelow(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((entry) => join(directory, entry));
  } catch (error) {
    // Nothing was ever created, or it vanished while it was listed.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
