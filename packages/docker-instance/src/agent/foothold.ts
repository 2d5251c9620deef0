import { visible } from '@ccb/container-agent';
import { InstanceError } from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import type { Engine } from '../engine/engine.ts';

/** The oldest Node that the agent runs on. */
const OLDEST_NODE = 18;

/** What a container offers to an agent that is brought into it. */
export interface Foothold {
  /** A directory that its user can write, and that outlives its processes where that is possible; undefined: there is none. */
  readonly directory: string | undefined;
  readonly uid: number;
  readonly gid: number;
  /** Where its programs begin. */
  readonly workingDirectory: string;
}

/** Runs in the container: tries what can be written, the lasting places first, and leaves nothing. */
const LOOK = `
const fs = require('fs');
const places = ['/var/lib', process.env.HOME, '/var/tmp', '/tmp', '/dev/shm'].filter((place) => place && place !== '/');
const writable = (place) => {
  try {
    fs.rmdirSync(fs.mkdtempSync(place + '/.ccb-'));
    return true;
  } catch {
    return false;
  }
};
const gone = (place) => { try { return fs.statfsSync(place).type === 0x01021994; } catch { return false; } };
const found = places.filter(writable);
const directory = found.find((place) => !gone(place)) ?? found[0];
console.log(JSON.stringify({
  version: process.versions.node, directory, uid: process.getuid(), gid: process.getgid(), workingDirectory: process.cwd(),
}));
`;

/** @throws {InstanceError} CCB_PROGRAM_NOT_FOUND when it has no Node, or one that is too old */
export async function lookAround(engine: Engine, container: string, call: Call): Promise<Foothold> {
  const { exitCode, stdout, stderr } = await withNode(container, () =>
    engine.exec(container, { argv: ['node', '-e', LOOK] }, call),
  );
  if (exitCode !== 0) {
    const message = `${container}: Node could not look around there (exit ${exitCode}): ${visible(stderr.trim()) || 'it said nothing'}`;
    throw new InstanceError('CCB_AGENT_UNREACHABLE', message);
  }
  const { version, ...foothold } = JSON.parse(stdout) as Foothold & { readonly version: string };
  if (Number.parseInt(version, 10) >= OLDEST_NODE) return foothold;
  const message = `${container} has Node ${version}, and the agent needs ${OLDEST_NODE} or later. Use an image with a newer one.`;
  throw new InstanceError('CCB_PROGRAM_NOT_FOUND', message);
}

/** What starts Node in a container. @throws {InstanceError} CCB_PROGRAM_NOT_FOUND, in words that say that it is Node that is missing */
export async function withNode<T>(container: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!InstanceError.is(cause, 'CCB_PROGRAM_NOT_FOUND')) throw cause;
    throw withoutNode(container, { cause });
  }
}

/** What a container says at its end when there was no Node to begin with: the init that docker puts before it starts anyway. */
export function endedWithoutNode(lastWords: string): boolean {
  return /: exit 127\b.*\bnode\b[^\n]*(no such file|not found)/is.test(lastWords);
}

export function withoutNode(container: string, options: { readonly cause?: unknown } = {}): InstanceError {
  const message = `${container}: its image has no Node, which the agent runs on (${OLDEST_NODE} or later, as \`node\` on its PATH). Use an image that has it, such as the one that \`ccb image build\` makes.`;
  return new InstanceError('CCB_PROGRAM_NOT_FOUND', message, options);
}
