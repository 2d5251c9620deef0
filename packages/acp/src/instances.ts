import type { InstanceInterface, PermissionHandler } from '@ccb/instance-interface';

/** What an editor asks for when it begins a session, or continues one. */
export interface SessionRequest {
  /** Where the editor works. Absolute. */
  readonly cwd: string;
  /** Asks the person at the editor. */
  readonly permission: PermissionHandler;
  readonly signal: AbortSignal;
}

/** A session that could be loaded. */
export interface SessionSummary {
  readonly name: string;
  readonly workspace?: string | undefined;
}

/** Where the instances behind the sessions come from. One session is one instance, and the instance's name is its id. */
export interface AcpInstances {
  /** Held by this process. @throws {InstanceError} */
  create(request: SessionRequest): Promise<InstanceInterface>;
  /** Held by this process. @throws {InstanceError} CCB_NOT_FOUND, CCB_LOCKED */
  open(name: string, request: SessionRequest): Promise<InstanceInterface>;
  list(): Promise<readonly SessionSummary[]>;
}
