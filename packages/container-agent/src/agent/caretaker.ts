import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isLocked } from '@ccb/named-pipe/lock';
import { killAgent } from '../host/kill-agent.ts';
import { exitStatus } from './exit-status.ts';
import { readSettings } from './settings.ts';
import { endStrays } from './strays.ts';

/** How often, and after how many ms, those who were sent a SIGKILL are looked for: the kernel tells their end to nobody but their parent. */
const LOOKS = 100;
const LOOK_MS = 20;

/** Whether an agent of the instance runs, as an exit status. */
export async function alive(path: string): Promise<number> {
  const { state } = readSettings(path);
  return (await isLocked(join(state, 'agent.lock'))) ? exitStatus.ended : exitStatus.no;
}

/** Ends the agent, politely at first, and all that it started, whatever state they are in. An exit status. */
export async function kill(path: string, graceMs: number): Promise<number> {
  const { state, instanceId } = readSettings(path);
  try {
    let left = await killAgent({ lock: join(state, 'agent.lock'), state, instanceId }, graceMs);
    for (let look = 0; left.length > 0 && look < LOOKS; look += 1) {
      await delay(LOOK_MS);
      left = endStrays(instanceId);
    }
    if (left.length === 0) return exitStatus.ended;
    process.stderr.write(`these processes cannot be ended: ${left.join(', ')}\n`);
  } catch (error) {
    process.stderr.write(`the agent cannot be ended: ${error instanceof Error ? error.message : String(error)}\n`);
  }
  return exitStatus.no;
}
