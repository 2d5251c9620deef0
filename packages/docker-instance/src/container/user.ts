import type { InstanceLayout } from '@ccb/container-agent';
import type { EngineAbout } from '../engine/engine.ts';
import { type AccessPlan, accessPlan } from './access-plan.ts';
import { containerUser, type HostUser, thisUser } from './container-user.ts';
import { assertWorkspaceFit, type Stat, statFile, workspaceAt } from './fit.ts';
import type { MountSpec } from './mounts.ts';
import { overridesPermissions, type SecuritySpec } from './restrictions.ts';

/** What of a spec, or of a record and its data, says who the program is and what it works in. */
export interface UserWishes {
  readonly name: string;
  readonly user?: string | undefined;
  /** Default: the working directory of this process. */
  readonly workspace?: string | undefined;
  readonly mounts?: readonly MountSpec[] | undefined;
  readonly security?: SecuritySpec | undefined;
}

export interface UserScene {
  readonly spec: UserWishes;
  readonly layout: InstanceLayout;
  readonly about: Pick<EngineAbout, 'rootless'>;
  /** `injected`: the engine is another machine's, and shares no files. Default `mounted`. */
  readonly placement?: 'mounted' | 'injected' | undefined;
  /** Default: the user of this process. */
  readonly host?: HostUser | undefined;
  readonly stat?: Stat | undefined;
}

/**
 * Who the program is in its container, and what makes it share the instance's directory with this process; proven to fit
 * its workspace. Looks, and changes nothing.
 * @throws {TypeError} for a workspace or mount that is not there @throws {InstanceError} CCB_NOT_SUPPORTED, saying what to do
 */
export function planUser({
  spec,
  layout,
  about: { rootless },
  placement,
  host,
  stat = statFile,
}: UserScene): AccessPlan {
  const { name, user: wanted, workspace = process.cwd(), mounts = [], security = {} } = spec;
  const caller = host ?? thisUser();
  if (placement === 'injected') return elsewhere(wanted, caller);
  const found = workspaceAt(workspace, stat);
  const user = containerUser({ wanted, host: caller, rootless, workspace: found });
  const overrides = overridesPermissions(security);
  const plan = accessPlan({ instance: name, user, layout, host: caller, rootless, workspace: found, overrides });
  assertWorkspaceFit(name, workspace, mounts, plan, stat);
  return plan;
}

/** No file of this machine is shared. */
function elsewhere(wanted: string | undefined, host: HostUser): AccessPlan {
  const { uid, gid } = containerUser({ wanted, host, rootless: false, workspace: undefined });
  const seenAs = { uid, gids: [gid], overrides: false };
  return { user: `${uid}:${gid}`, groupAdd: [], directories: [], files: [], seenAs };
}
