import { statSync } from 'node:fs';
import type { InstanceLayout } from '@ccb/container-agent';
import { InstanceError } from '@ccb/instance-interface';
import type { AccessPlan, Credentials } from './access-plan.ts';
import type { Permissions } from './container-user.ts';
import { type MountSpec, workspaceMount } from './mounts.ts';

/** undefined: there is no such path. */
export type Stat = (path: string) => Permissions | undefined;

type Wish = 'r' | 'w' | 'x';

const BIT: Readonly<Record<Wish, number>> = { r: 4, w: 2, x: 1 };
const WORD: Readonly<Record<Wish, string>> = { r: 'read', w: 'write', x: 'enter' };
const TYPE = 0o170000;
const DIRECTORY = 0o040000;

export const statFile: Stat = (path) => statSync(path, { throwIfNoEntry: false });

/** What the permission bits keep from a process. Only the mounted path counts: what is above it, the container does not see. */
export function denied(
  { uid, gids, overrides }: Credentials,
  file: Permissions,
  wishes: readonly Wish[],
): readonly Wish[] {
  if (overrides) return [];
  const shift = file.uid === uid ? 6 : gids.includes(file.gid) ? 3 : 0;
  return wishes.filter((wish) => ((file.mode >> shift) & BIT[wish]) === 0);
}

/** @throws {TypeError} when it is no directory */
export function workspaceAt(workspace: string, stat: Stat): Permissions {
  const found = stat(workspace);
  if (found !== undefined && (found.mode & TYPE) === DIRECTORY) return found;
  throw new TypeError(`docker: workspace ${workspace} is no directory; make it, or name another`);
}

/**
 * Before anything is made: the program can work in its workspace, and what it mounts is there.
 * @throws {TypeError} when the workspace is no directory, or a source is not there
 * @throws {InstanceError} CCB_NOT_SUPPORTED when the program could not read it, or not write it
 */
export function assertWorkspaceFit(
  instance: string,
  workspace: string,
  mounts: readonly MountSpec[],
  plan: AccessPlan,
  stat: Stat = statFile,
): void {
  const found = workspaceAt(workspace, stat);
  for (const [index, { source }] of mounts.entries()) {
    if (stat(source) === undefined)
      throw new TypeError(`docker: mounts[${index}].source ${source} is not there; make it, or name another`);
  }
  const readOnly = workspaceMount(mounts)?.readOnly ?? false;
  const missing = denied(plan.seenAs, found, readOnly ? ['r', 'x'] : ['r', 'w', 'x']);
  if (missing.length === 0) return;
  const [uid] = plan.user.split(':');
  const ways = [
    `Give it the directory: chown -R ${plan.user} ${workspace}`,
    found.uid === Number(uid) ? `chmod u+rwx ${workspace}` : `name its owner: user: '${found.uid}:${found.gid}'`,
    'name another workspace',
    ...(missing.includes('w') && !missing.includes('r')
      ? [`mount it read-only: mounts: [{ source: '${workspace}', target: '/workspace', readOnly: true }]`]
      : []),
  ];
  const message = `${instance}: the program is user ${plan.user} in the container and cannot ${words(missing)} its workspace ${workspace} (${describe(found)}). ${ways.join('; or ')}.`;
  throw new InstanceError('CCB_NOT_SUPPORTED', message, { instance });
}

/**
 * Before a start: the program can use what of the instance's directory is mounted. Paths that are not there yet are passed over.
 * @throws {InstanceError} CCB_NOT_SUPPORTED naming the path and what sets it right
 */
export function assertInstanceFit(
  instance: string,
  layout: InstanceLayout,
  plan: AccessPlan,
  stat: Stat = statFile,
): void {
  const needs: readonly (readonly [path: string, wishes: readonly Wish[]])[] = [
    [layout.pipesDirectory, ['r', 'x']],
    ...['in', 'out', 'ctl'].map((kind) => [`${layout.pipes}.${kind}.fifo`, ['r', 'w']] as const),
    [layout.agentDirectory, ['r', 'x']],
    [layout.agentFile, ['r']],
    [layout.settings, ['r']],
    [layout.state, ['r', 'w', 'x']],
    [layout.home, ['r', 'w', 'x']],
  ];
  const planned = [...plan.directories, ...plan.files];
  for (const [path, wishes] of needs) {
    const found = stat(path);
    const missing = found === undefined ? [] : denied(plan.seenAs, found, wishes);
    if (found === undefined || missing.length === 0) continue;
    const owner = planned.find((each) => each.path === path);
    const remedy =
      owner === undefined
        ? `Remove it: it is made again`
        : `Set it right: chown ${owner.uid}:${owner.gid} ${path} && chmod ${owner.mode.toString(8)} ${path}`;
    const message = `${instance}: the program is user ${plan.user} in the container and cannot ${words(missing)} ${path} (${describe(found)}). ${remedy}.`;
    throw new InstanceError('CCB_NOT_SUPPORTED', message, { instance });
  }
}

function words(wishes: readonly Wish[]): string {
  return wishes.map((wish) => WORD[wish]).join(', ');
}

function describe({ uid, gid, mode }: Permissions): string {
  return `of ${uid}:${gid}, mode ${(mode & 0o7777).toString(8).padStart(4, '0')}`;
}
