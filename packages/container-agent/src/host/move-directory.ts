import { readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CallOptions, InstanceError, type InstanceRecord } from '@ccb/instance-interface';
import { acquireLock, isLocked } from '@ccb/named-pipe/lock';
import { translated } from './foreign-error.ts';
import { assertFree, assertOwn, type OwnedRecord } from './instance-directory.ts';
import { instanceLayout } from './layout.ts';
import { writeRecord } from './own-record.ts';

type Movable = InstanceRecord<string, { readonly instanceId: string; readonly directory: string }>;

export interface MoveOptions<R extends Movable> extends CallOptions {
  /** Is there anything of it that runs? A local agent's lock is looked at anyway. */
  readonly isAlive?: (() => Promise<boolean>) | undefined;
  /** While it is held, before it moves: what bears the old name goes. */
  readonly prepare?: (() => Promise<void>) | undefined;
  /** What else the record says of the name. */
  readonly renamed?: ((record: R) => R) | undefined;
}

/**
 * Gives the directory of a stopped instance that nobody holds another name. Whatever kills this process, the instance is
 * whole, under the old name or the new one: a directory that was moved is told by its record from one that was copied.
 * @throws {InstanceError} CCB_NAME_TAKEN, CCB_LOCKED, CCB_INVALID_STATE while it runs, CCB_NOT_FOUND
 */
export async function moveDirectory<R extends Movable>(
  record: R,
  name: string,
  { isAlive, prepare, renamed, ...call }: MoveOptions<R> = {},
): Promise<R> {
  const from = instanceLayout(record.data.directory, record.name);
  const to = instanceLayout(join(dirname(from.directory), name), name);
  try {
    assertOwn(from, record as OwnedRecord);
    assertFree(to, name);
    await using _hold = await acquireLock(from.lock, call);
    assertOwn(from, record as OwnedRecord);
    if ((await isLocked(from.agentLock)) || (await isAlive?.())) throw runningError(record.name, name);
    await prepare?.();
    for (const pipe of readdirSync(from.pipesDirectory, { withFileTypes: true }))
      if (pipe.isFIFO()) rmSync(join(from.pipesDirectory, pipe.name), { force: true });
    renameSync(from.directory, to.directory);
    const moved = { ...record, name, data: { ...record.data, directory: to.directory } };
    const next = renamed?.(moved) ?? moved;
    writeRecord(to, next);
    return next;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(code)) assertFree(to, name);
    // It says more than a lock that is not there: somebody has removed or renamed the instance meanwhile.
    if (!InstanceError.is(error)) assertOwn(from, record as OwnedRecord);
    throw translated(record.name, error);
  }
}

function runningError(name: string, next: string): InstanceError {
  const message = `${name} runs, so it cannot be renamed to ${next}. Stop it first.`;
  return new InstanceError('CCB_INVALID_STATE', message, { instance: name });
}
