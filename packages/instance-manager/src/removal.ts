import { discard, type InstanceLayout, translated } from '@ccb/container-agent';
import { type CallOptions, InstanceError, type InstanceInterface } from '@ccb/instance-interface';
import { acquireLock, isLocked } from '@ccb/named-pipe/lock';
import type { BackendSources } from './backend-sources.ts';
import { hasOwnDirectory, placeOf, recordOf } from './instance-place.ts';
import { openInstance } from './opening.ts';

export interface RemoveOptions extends CallOptions {
  /** Also one that runs, or whose record cannot be read. Default false. */
  readonly force?: boolean | undefined;
  readonly holder?: string | undefined;
}

const FORGET_MS = 5_000;

/** @throws {InstanceError} CCB_NOT_FOUND, CCB_LOCKED, CCB_INVALID_STATE */
export async function removeInstance(
  home: string,
  backends: BackendSources,
  name: string,
  { force = false, holder, ...call }: RemoveOptions,
): Promise<void> {
  const layout = placeOf(home, name);
  let instance: InstanceInterface;
  try {
    instance = await openInstance(home, backends, name, { holder, ...call });
  } catch (error) {
    if (!canForget(home, name, error, force)) throw error;
    return await forget(layout, name, holder, call);
  }
  try {
    if (!force && (await isAlive(instance, call))) throw runningError(name);
    await discardInstance(home, instance, call);
  } finally {
    await instance.detach();
  }
}

/** The instance ends, and everything of it that is ours goes. */
export async function discardInstance(home: string, instance: InstanceInterface, call: CallOptions): Promise<void> {
  const { name } = instance;
  const kept = !hasOwnDirectory(home, instance.record);
  await instance.cleanup({ ...call, remove: true });
  if (kept) await forget(placeOf(home, name), name, undefined, call);
}

async function isAlive(instance: InstanceInterface, call: CallOptions): Promise<boolean> {
  return !['stopped', 'failed'].includes(instance.state) || (await instance.isRunning(call));
}

/** There is nothing left to end, or nobody can tell what there is. */
function canForget(home: string, name: string, error: unknown, force: boolean): boolean {
  if (InstanceError.is(error, 'CCB_RECORD_INVALID')) return force;
  if (!InstanceError.is(error, 'CCB_NOT_FOUND')) return false;
  // The directory is there, so it is the backend that does not know it any more.
  recordOf(home, name);
  return true;
}

/** The directory goes, under the hold. */
async function forget(
  layout: InstanceLayout,
  name: string,
  holder: string | undefined,
  call: CallOptions,
): Promise<void> {
  try {
    // The handle that was closed just now may still be letting go.
    const waiting = { signal: call.signal, timeoutMs: call.timeoutMs ?? FORGET_MS };
    await using _hold = await acquireLock(layout.lock, { wait: true, ...waiting, command: holder });
    if (await isLocked(layout.agentLock)) throw runningError(name);
    discard(layout);
  } catch (error) {
    throw translated(name, error);
  }
}

function runningError(name: string): InstanceError {
  return new InstanceError('CCB_INVALID_STATE', `${name} runs. Stop it first, or remove it with force.`, {
    instance: name,
  });
}
