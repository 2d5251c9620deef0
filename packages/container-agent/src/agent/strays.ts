import { processesWith, processStat } from './proc.ts';

/** The variable by which everything that an instance's program started can be recognised. */
export const instanceVariable = 'CCB_INSTANCE';

/**
 * Ends every process of an instance: the given group and whatever carries the instance's id in its environment, in any
 * group or session. Bounded: a process that forks faster than it can be found is reported, not chased for ever.
 * @returns the processes that were still there at the last look
 */
export function endStrays(instanceId: string, group?: number): readonly number[] {
  if (group !== undefined) kill(-group);
  let left: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    left = processesWith(`${instanceVariable}=${instanceId}`).filter((pid) => {
      const state = processStat(pid)?.state;
      return state !== undefined && state !== 'Z' && state !== 'X';
    });
    if (left.length === 0) break;
    for (const pid of left) kill(pid);
  }
  return left;
}

function kill(target: number): void {
  try {
    process.kill(target, 'SIGKILL');
  } catch {
    // gone already
  }
}
