import { type InstanceLayout, settleRecord, translated } from '@ccb/container-agent';
import { InstanceError, type InstanceInterface, type InstanceRecord, type OpenOptions } from '@ccb/instance-interface';
import { anySignal } from '@ccb/instance-interface/abstract';
import { acquireLock, whenFree } from '@ccb/named-pipe/lock';
import type { BackendSources } from './backend-sources.ts';
import type { ManagedOpenOptions } from './instance-manager.ts';
import { hasOwnDirectory, placeOf, recordOf } from './instance-place.ts';
import { KeptHold } from './kept-hold.ts';

/** @throws {InstanceError} CCB_NOT_FOUND, CCB_LOCKED, CCB_RECORD_INVALID, CCB_BACKEND_UNKNOWN */
export async function openInstance(
  home: string,
  backends: BackendSources,
  name: string,
  { wait = false, timeoutMs, signal, ...rest }: ManagedOpenOptions,
): Promise<InstanceInterface> {
  const layout = placeOf(home, name);
  const expired = wait && timeoutMs !== undefined ? AbortSignal.timeout(timeoutMs) : undefined;
  const options = { ...rest, signal, ...(!wait && { timeoutMs }) };
  for (;;) {
    const record = recordOf(home, name);
    try {
      return await openRecord(home, backends, record, options);
    } catch (error) {
      // Whoever had it removed it while its lock was waited for, and somebody has made another one since.
      if (wasReplaced(home, record, error)) continue;
      if (!wait || !isHeldHere(error)) throw error;
      await whenLetGo(layout, error, signal, expired);
    }
  }
}

async function openRecord(
  home: string,
  backends: BackendSources,
  record: InstanceRecord,
  options: OpenOptions,
): Promise<InstanceInterface> {
  const backend = await backends.load(record.type);
  if (options.mode === 'observe') return await backend.open(record, options);
  if (hasOwnDirectory(home, record)) {
    const instance = await backend.open(record, options);
    try {
      settleRecord(record);
      return instance;
    } catch (error) {
      await instance.detach();
      throw error;
    }
  }
  const hold = await keptHold(placeOf(home, record.name), record.name, options);
  try {
    const instance = await backend.open(record, options);
    hold.lendTo(instance);
    return instance;
  } catch (error) {
    await hold.release();
    throw error;
  }
}

async function keptHold(
  layout: InstanceLayout,
  name: string,
  { holder, signal, timeoutMs }: OpenOptions,
): Promise<KeptHold> {
  try {
    return new KeptHold(layout, await acquireLock(layout.lock, { command: holder, signal, timeoutMs }));
  } catch (error) {
    throw translated(name, error);
  }
}

/** By a process of this machine: its lock tells when it lets go. */
function isHeldHere(error: unknown): error is InstanceError {
  if (!InstanceError.is(error, 'CCB_LOCKED')) return false;
  return (error.cause as { readonly code?: unknown } | undefined)?.code === 'CCB_PIPE_LOCKED';
}

async function whenLetGo(
  { lock }: InstanceLayout,
  held: InstanceError,
  signal: AbortSignal | undefined,
  expired: AbortSignal | undefined,
): Promise<void> {
  try {
    await whenFree(lock, { signal: anySignal(signal, expired) });
  } catch (error) {
    if (!expired?.aborted || signal?.aborted) throw error;
    throw held;
  }
}

function wasReplaced(home: string, before: InstanceRecord, error: unknown): boolean {
  if (!InstanceError.is(error, 'CCB_NOT_FOUND') && !InstanceError.is(error, 'CCB_RECORD_INVALID')) return false;
  const now = recordOf(home, before.name);
  return idOf(now) !== idOf(before);
}

function idOf({ createdAt, data }: InstanceRecord): string {
  const { instanceId } = (data ?? {}) as { readonly instanceId?: unknown };
  return typeof instanceId === 'string' ? instanceId : createdAt;
}
