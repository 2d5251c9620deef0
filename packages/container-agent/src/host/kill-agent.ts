import { isLocked, readHolder, whenFree } from '@ccb/named-pipe/lock';
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
    send(readHolder(agent.lock)?.pid, 'SIGTERM');
    try {
      await whenFree(agent.lock, { timeoutMs: Math.max(1, graceMs), signal });
    } catch {
      // Read again: one that had just started writes its number down only now.
      send(readHolder(agent.lock)?.pid, 'SIGKILL');
      await whenFree(agent.lock, { timeoutMs: REAP_MS });
    }
  }
  return endStrays(agent.instanceId, new ProgramFile(agent.state).survivor()?.group);
}

function send(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    // gone already
  }
}
