import { isAbsolute, normalize } from 'node:path';
import type { HostConfig } from '../engine/engine.ts';
import { type Bad, list, object, truth } from './fields.ts';

export interface MountSpec {
  /** On the engine's machine, absolute. */
  readonly source: string;
  /** In the container, absolute. */
  readonly target: string;
  /** Default false. */
  readonly readOnly?: boolean | undefined;
}

export type EngineMount = NonNullable<HostConfig['Mounts']>[number];

/** The workspace, as the container of an instance sees it. */
export const workspaceTarget = '/workspace';
/** Below the instance's own volume: a workspace that is a volume, once more. */
export const workspaceHandle = 'workspace';

export function parseMounts(value: unknown, bad: Bad): readonly MountSpec[] {
  const mounts = list(value, 'mounts', bad).map((entry, index) => parseMount(entry, `mounts[${index}]`, bad));
  const targets = mounts.map(({ target }) => target);
  const twice = targets.findIndex((target, index) => targets.indexOf(target) !== index);
  if (twice !== -1) throw bad(`mounts[${twice}].target`, `a path that no other mount has (${targets[twice]})`);
  return mounts;
}

function parseMount(value: unknown, field: string, bad: Bad): MountSpec {
  const { source, target, readOnly } = object(value, field, ['source', 'target', 'readOnly'], bad);
  if (!isPlainPath(source))
    throw bad(`${field}.source`, 'an absolute path without . and .. (of a directory, a file or a socket)');
  if (!isPlainPath(target) || target === '/') throw bad(`${field}.target`, 'an absolute path without . and ..');
  if (target === '/ccb' || target.startsWith('/ccb/'))
    throw bad(`${field}.target`, "elsewhere: /ccb is where the instance's own things are");
  if (readOnly !== undefined) truth(readOnly, `${field}.readOnly`, bad);
  return value as MountSpec;
}

function isPlainPath(value: unknown): value is string {
  if (typeof value !== 'string' || value.includes('\0') || !isAbsolute(value)) return false;
  return value === '/' || (normalize(value) === value && !value.endsWith('/'));
}

/** A mount of one's own may take the place of the workspace, to make it read-only. */
export function workspaceMount(mounts: readonly MountSpec[]): MountSpec | undefined {
  return mounts.find(({ target }) => target === workspaceTarget);
}

export function bind({ source, target, readOnly = false }: MountSpec): EngineMount {
  return { Type: 'bind', Source: source, Target: target, ReadOnly: readOnly };
}

export function volume(source: string, target: string): EngineMount {
  return { Type: 'volume', Source: source, Target: target, ReadOnly: false };
}

/** Names of the volumes of an instance whose engine cannot mount directories of this machine. */
export function volumeNames(instanceId: string): { readonly own: string; readonly workspace: string } {
  return { own: `ccb-${instanceId}`, workspace: `ccb-${instanceId}-workspace` };
}
