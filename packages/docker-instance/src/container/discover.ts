import { dirname, join } from 'node:path';
import { instanceDirectories, readOwnRecord, visible } from '@ccb/container-agent';
import type { CallOptions, Discovered } from '@ccb/instance-interface';
import type { ContainerSummary, Engine } from '../engine/engine.ts';
import { isDefaultImage } from '../image/default-image.ts';
import { asDockerRecord, type DockerRecord } from './docker-data.ts';
import { isContainerOf, labels } from './own-container.ts';

/** Containers whose processes are looked at. */
const LOOKS = 20;
const LOOK_MS = 3_000;
const CLAUDE = /(^|\/)claude$|\/claude-code\//;
const AGENT = /(^|\/)agent\.cjs$/;

/**
 * What of this backend there is: the instances of `home`, each with what its container does, then containers of others
 * that could be adopted, by their image or by what runs in them. What cannot be read is described, not hidden.
 */
export async function discoverContainers(
  engine: Engine,
  home: string,
  call: CallOptions = {},
): Promise<readonly Discovered[]> {
  const containers = await engine.listContainers({}, call);
  const { records, broken } = ownRecords(home);
  const belongs = new Map<ContainerSummary, DockerRecord>();
  for (const record of records) {
    const container = containers.find((each) => isContainerOf(each, record));
    if (container !== undefined) belongs.set(container, record);
  }
  const withContainer = new Set(belongs.values());
  const others = containers.filter((container) => !belongs.has(container));
  const labelled = others.filter((container) => container.labels[labels.instance] !== undefined);
  return [
    ...[...belongs].map(([container, record]) => ours(record, container)),
    ...records.filter((record) => !withContainer.has(record)).map((record) => ours(record, undefined)),
    ...broken,
    ...labelled.map((container) => foreign(container, strayReason(container, home))),
    ...(await adoptable(
      engine,
      others.filter((container) => !labelled.includes(container)),
      call,
    )),
  ];
}

function ownRecords(home: string): {
  readonly records: readonly DockerRecord[];
  readonly broken: readonly Discovered[];
} {
  const records: DockerRecord[] = [];
  const broken: Discovered[] = [];
  for (const directory of instanceDirectories(home)) {
    try {
      const record = readOwnRecord(directory, 'docker', asDockerRecord);
      if (record !== undefined) records.push(record);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      broken.push({ type: 'docker', description: `${directory} cannot be used: ${reason}`, ours: false });
    }
  }
  return { records, broken };
}

function ours(record: DockerRecord, container: ContainerSummary | undefined): Discovered {
  const place = container === undefined ? 'no container' : `container ${container.name} ${container.status}`;
  const description = `${record.program}, ${place}${record.data.adopted ? ', adopted' : ''}`;
  return { type: 'docker', name: record.name, record, description, ours: true };
}

function foreign({ name, status, image }: ContainerSummary, reason: string): Discovered {
  return {
    type: 'docker',
    name,
    description: `container ${name} (${image}, ${status}): ${visible(reason)}`,
    ours: false,
  };
}

function strayReason({ name, labels: has }: ContainerSummary, home: string): string {
  const directory = has[labels.directory] ?? '';
  const instance = has[labels.name] ?? 'an instance';
  if (dirname(directory) !== join(home, 'instances')) return `${instance} of another home, ${directory}`;
  return `what is left of ${instance}, whose directory ${directory} is gone; remove it with: docker rm -f ${name}`;
}

async function adoptable(
  engine: Engine,
  containers: readonly ContainerSummary[],
  call: CallOptions,
): Promise<readonly Discovered[]> {
  const byImage = containers.filter(({ image }) => isDefaultImage(image));
  const running = containers.filter((container) => container.status === 'running' && !byImage.includes(container));
  const reasons = await Promise.all(running.slice(0, LOOKS).map((container) => whatRuns(engine, container, call)));
  return [
    ...byImage.map((container) => foreign(container, `has Claude Code; adopt it as ${container.name}`)),
    ...running.flatMap((container, index) => {
      const reason = reasons[index];
      return reason === undefined ? [] : [foreign(container, `runs ${reason}; adopt it as ${container.name}`)];
    }),
  ];
}

/** undefined: nothing of interest, or it does not say. */
async function whatRuns(
  engine: Engine,
  { id }: ContainerSummary,
  { signal }: CallOptions,
): Promise<string | undefined> {
  try {
    const lines = await engine.processes(id, { signal, timeoutMs: LOOK_MS });
    const programs = lines.map(programOf);
    if (programs.some((program) => CLAUDE.test(program))) return 'Claude Code';
    return programs.some((program) => AGENT.test(program)) ? 'an agent' : undefined;
  } catch {
    // It ended just now, or hangs; the others are still of interest.
    return undefined;
  }
}

/** What a command line runs: its first word, or the script of a Node. */
function programOf(line: string): string {
  const [first = '', ...rest] = line.trim().split(/\s+/);
  const isNode = /(^|\/)node(js)?$/.test(first);
  return isNode ? (rest.find((word) => !word.startsWith('-')) ?? first) : first;
}
