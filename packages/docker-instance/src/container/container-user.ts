/** What of a file's status says who may do what with it. */
export interface Permissions {
  readonly uid: number;
  readonly gid: number;
  /** As of `stat`, type included. */
  readonly mode: number;
}

/** Who runs this program. */
export interface HostUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary ones; the first may be among them. */
  readonly groups: readonly number[];
}

/** By number, as the container's kernel sees it. */
export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
}

export interface UserQuestion {
  /** `uid`, `uid:gid` or `root`; undefined: whoever fits. */
  readonly wanted: string | undefined;
  readonly host: HostUser;
  /** The container's root is an unprivileged user of the machine: the host user. */
  readonly rootless: boolean;
  /** undefined: it is a directory of another machine. */
  readonly workspace: Permissions | undefined;
}

/** What images commonly have as their first user. */
const FIRST_USER: ContainerUser = { uid: 1000, gid: 1000 };
/** Engines take no more. */
const LAST_ID = 2_147_483_647;

export function thisUser(): HostUser {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  if (uid === undefined || gid === undefined)
    throw new TypeError('docker: this system has no user ids; run it on Linux');
  return { uid, gid, groups: process.getgroups?.() ?? [] };
}

/**
 * Who the program is. Host root can hand files over, so there it is the owner of the workspace; others share files with
 * nobody, so there it is the caller. Never root by itself: where all belongs to root it is 1000:1000. With a rootless
 * engine root in the container is the caller, and the only one who shares files with him.
 * @throws {TypeError} for a number that no engine takes
 */
export function containerUser({ wanted, host, rootless, workspace }: UserQuestion): ContainerUser {
  if (wanted !== undefined) return parseUser(wanted, [...(workspace ? [workspace] : []), host]);
  if (workspace === undefined) return FIRST_USER;
  if (rootless) return { uid: 0, gid: 0 };
  if (host.uid !== 0) return { uid: host.uid, gid: host.gid };
  return workspace.uid === 0 ? FIRST_USER : { uid: workspace.uid, gid: workspace.gid };
}

/** The group of a uid without one is that of whom it belongs to, else the one of the same number. */
function parseUser(wanted: string, known: readonly ContainerUser[]): ContainerUser {
  const [user, group] = wanted === 'root' ? ['0', '0'] : wanted.split(':');
  const uid = Number(user);
  const gid = group === undefined ? (known.find((each) => each.uid === uid)?.gid ?? uid) : Number(group);
  for (const id of [uid, gid]) {
    if (!Number.isSafeInteger(id) || id < 0 || id > LAST_ID)
      throw new TypeError(`docker: user must be 'uid' or 'uid:gid' of numbers up to ${LAST_ID}, not ${wanted}`);
  }
  return { uid, gid };
}
