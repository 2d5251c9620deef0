import { isLocked, readHolder, whenFree } from '@ccb/named-pipe/lock';
import { processStat } from '../agent/proc.ts';
import { ProgramFile } from '../agent/program-record.ts';
import { endStrays } from '../agent/strays.ts';

/** ms that the kernel has to take a SIGKILLed process away. */
const REAP_MS = 5_000;

export interface LocalAgent {
  /** The agent's lock: held for its life, with its pid as advice. */
  readonly lock: string;
  readonly state: string;
  readonly instanceId: string;
}

/**
 * Ends a local agent, politely at first, and everything its program started, whatever state they are in.
 * @param graceMs ms between SIGTERM and SIGKILL
 * @returns processes of the instance that were still there at the last look
 */
export async function killAgent(agent: LocalAgent, graceMs: number, signal?: AbortSignal): Promise<readonly number[]> {
  if (await isLocked(agent.lock)) {
    const patienceMs = isHeldStill(agent.lock) ? 1 : Math.max(1, graceMs);
    send(readHolder(agent.lock)?.pid, 'SIGTERM');
    try {
      await whenFree(agent.lock, { timeoutMs: patienceMs, signal });
    } catch {
      // Read again: one that had just started writes its number down only now.
      send(readHolder(agent.lock)?.pid, 'SIGKILL');
      await whenFree(agent.lock, { timeoutMs: REAP_MS });
    }
  }
  return endStrays(agent.instanceId, new ProgramFile(agent.state).survivor()?.group);
}

/** The local agent lives, and a signal holds it still. */
export function isHeldStill(lock: string): boolean {
  const pid = readHolder(lock)?.pid;
  return pid !== undefined && processStat(pid)?.state === 'T';
}

function send(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    // gone already
  }
}
