import type { PermissionAnswer, PermissionRequest } from '../permission.ts';

/** One call of the backend. It must end soon after `signal` aborts; nobody waits for it then. */
export interface Call {
  readonly signal: AbortSignal;
}

/** One command as `_run` gets it. */
export interface Command {
  readonly id: string;
  readonly text: string;
  /** Aborts when `_interrupt` had its grace, and when the instance lets go of the command: throw or return then. */
  readonly signal: AbortSignal;
  /**
   * Asks whoever decides. `permission_request` and `permission_resolved` get into `events()` by themselves: do not yield
   * them. Never rejects.
   */
  ask(request: PermissionRequest): Promise<PermissionAnswer>;
}
