import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { InstanceError } from '@ccb/instance-interface';
import { anySignal, type Call } from '@ccb/instance-interface/abstract';
import { NamedPipeError } from '@ccb/named-pipe';
import { acquireLock, type FileLock } from '@ccb/named-pipe/lock';
import { defaultRuntimeDirectory, makeRuntimeDirectory } from '../server-socket.ts';

/** How long others may be at it, in ms: each holds it for some ten. */
const LOCK_MS = 15_000;

/**
 * What may crash a tmux server while it happens in another process: a control client that connects or goes, a session that
 * is made or ends (tmux 3.3a follows a pointer that is gone, in the first lines that a new client is told). So processes of
 * ours take turns, by a kernel lock for each socket, in a directory of ours also where the server is a person's.
 * @throws {InstanceError} CCB_TIMEOUT
 */
export async function inTurn<T>(socket: string, call: Partial<Call>, work: () => Promise<T>): Promise<T> {
  await using _turn = await takeTurn(socket, call);
  return await work();
}

async function takeTurn(socket: string, { signal }: Partial<Call>): Promise<FileLock> {
  const directory = defaultRuntimeDirectory();
  makeRuntimeDirectory(directory);
  const digest = createHash('sha256').update(socket).digest('hex').slice(0, 16);
  const expired = AbortSignal.timeout(LOCK_MS);
  try {
    const options = { wait: true, signal: anySignal(expired, signal), command: 'ccb' } as const;
    return await acquireLock(join(directory, `turn-${digest}.lock`), options);
  } catch (cause) {
    if (signal?.aborted || !(expired.aborted || NamedPipeError.is(cause))) throw cause;
    const message = `The tmux server at ${socket} could not be turned to: other processes of ccb were at it for ${LOCK_MS / 1_000} s. Look for one that hangs.`;
    throw new InstanceError('CCB_TIMEOUT', message, { cause, retryable: true });
  }
}
