import { chmodSync, chownSync } from 'node:fs';
import type { InstanceLayout } from '@ccb/container-agent';
import { InstanceError } from '@ccb/instance-interface';
import type { ContainerUser, HostUser, Permissions } from './container-user.ts';

export interface OwnedPath {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** Who the program's files say that it is, on this machine. */
export interface Credentials {
  readonly uid: number;
  readonly gids: readonly number[];
  /** Beyond permission bits. */
  readonly overrides: boolean;
}

/** What makes the program and its host share the instance's directory, and nobody else. */
export interface AccessPlan {
  /** `uid:gid`, for the engine. */
  readonly user: string;
  /** For the engine: gids that the program has beside its own. */
  readonly groupAdd: readonly string[];
  /** FIFOs that are made below a directory with the setgid bit get its group, which they need with mode 0660. */
  readonly directories: readonly OwnedPath[];
  /** Again after each writing of them. */
  readonly files: readonly OwnedPath[];
  readonly seenAs: Credentials;
}

export interface AccessQuestion {
  readonly instance: string;
  readonly user: ContainerUser;
  readonly layout: InstanceLayout;
  readonly host: HostUser;
  readonly rootless: boolean;
  readonly workspace: Permissions;
  /** Root in the container keeps the capability to go beyond permission bits. */
  readonly overrides: boolean;
}

/** @throws {InstanceError} CCB_NOT_SUPPORTED when that user and the caller cannot share files */
export function accessPlan(question: AccessQuestion): AccessPlan {
  const { instance, user, host, rootless } = question;
  const same = rootless ? user.uid === 0 : user.uid === host.uid;
  if (same) return sharedByOne(question);
  if (host.uid === 0 && !rootless) return handedOver(question);
  const [who, fit] = rootless
    ? ['in a rootless engine', '0:0']
    : [`for the user ${host.uid}`, `${host.uid}:${host.gid}`];
  const message = `${instance}: files of user ${user.uid} in the container could neither be shared nor be removed ${who}. Leave user out or give '${fit}', or run ccb as root.`;
  throw new InstanceError('CCB_NOT_SUPPORTED', message, { instance });
}

export function applyAccess(paths: readonly OwnedPath[]): void {
  for (const { path, uid, gid, mode } of paths) {
    chownSync(path, uid, gid);
    // After it: a change of the owner takes the setgid bit away.
    chmodSync(path, mode);
  }
}

/** The caller and the program are one user of this machine. */
function sharedByOne({ user, layout, host, rootless, workspace, overrides }: AccessQuestion): AccessPlan {
  const gids = rootless ? [host.gid] : [user.gid];
  // In a rootless engine a group of the caller's is none of the container's.
  const joinable = rootless || host.uid === 0 ? [] : [host.gid, ...host.groups];
  const theirs = joinable.filter((gid) => gid === workspace.gid && !gids.includes(gid)).slice(0, 1);
  const own = { uid: host.uid, gid: host.gid };
  return {
    user: format(user),
    groupAdd: theirs.map(String),
    directories: [layout.pipesDirectory, layout.state, layout.home, layout.agentDirectory].map((path) => ({
      path,
      ...own,
      mode: 0o700,
    })),
    files: [layout.agentFile, layout.settings].map((path) => ({ path, ...own, mode: 0o600 })),
    seenAs: { uid: host.uid, gids: [...gids, ...theirs], overrides: !rootless && user.uid === 0 && overrides },
  };
}

/** Host root gives the program what is the program's, and lets its group use the rest. */
function handedOver({ user, layout }: AccessQuestion): AccessPlan {
  const theirs = { ...user, mode: 0o700 };
  const ours = { uid: 0, gid: user.gid };
  return {
    user: format(user),
    groupAdd: [],
    directories: [
      { path: layout.pipesDirectory, ...ours, mode: 0o2750 },
      { path: layout.agentDirectory, ...ours, mode: 0o2750 },
      { path: layout.state, ...theirs },
      { path: layout.home, ...theirs },
    ],
    files: [layout.agentFile, layout.settings].map((path) => ({ path, ...ours, mode: 0o640 })),
    seenAs: { uid: user.uid, gids: [user.gid], overrides: false },
  };
}

function format({ uid, gid }: ContainerUser): string {
  return `${uid}:${gid}`;
}
