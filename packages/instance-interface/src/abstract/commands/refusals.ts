import { InstanceError } from '../../error.ts';
import type { Capabilities } from '../../state.ts';

/** The handle was detached or cleaned up. */
export function closed(instance: string): InstanceError {
  const message = `${instance}: this handle is closed. Open the instance again from its record.`;
  return new InstanceError('CCB_CLOSED', message, { instance });
}

/** The instance was stopped under the call. */
export function stopped(instance: string): InstanceError {
  const message = `${instance}: it was stopped. start(), or the next command, starts it again.`;
  return new InstanceError('CCB_STOPPED', message, { instance, retryable: true });
}

/** The call is for holders. @param what `takes commands from its holder only` */
export function locked(instance: string, what: string): InstanceError {
  const message = `${instance}: it ${what}, and this handle observes. Open it with mode 'hold'.`;
  return new InstanceError('CCB_LOCKED', message, { instance });
}

/** The backend said that it cannot. */
export function notSupported(instance: string, type: string, capability: keyof Capabilities): InstanceError {
  const message = `${instance}: the backend ${type} has not the capability "${capability}". Look at capabilities first.`;
  return new InstanceError('CCB_NOT_SUPPORTED', message, { instance });
}

/** The wait, or the work, was given up. */
export function aborted(instance: string, what: string, cause?: unknown): InstanceError {
  return new InstanceError('CCB_ABORTED', `${instance}: ${what}.`, { instance, retryable: true, cause });
}
