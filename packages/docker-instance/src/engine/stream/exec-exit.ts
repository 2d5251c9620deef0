import { InstanceError } from '@ccb/instance-interface';
import { pause, within } from './deadline.ts';

/** `undefined`: it does not know yet. @throws {InstanceError} CCB_NOT_FOUND: the engine has forgotten it */
export type InspectExit = (signal: AbortSignal) => Promise<number | undefined | 'running'>;

const PATIENCE_MS = 5_000;
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 500;

/**
 * How the exec ended, asked after its streams did; undefined when the engine did not say within 5 s. Never rejects.
 *
 * The streams end before the engine has noted the exit, and no event tells of it for certain: podman's names no exec, and
 * a lost stream of events none at all. So it is asked again, bounded, with growing pauses.
 */
export async function exitOf(inspectExit: InspectExit, closed: AbortSignal): Promise<number | undefined> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; !closed.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      const answer = await within(Math.max(1, deadline - performance.now()), closed, inspectExit);
      if (typeof answer === 'number') return answer;
    } catch (error) {
      if (InstanceError.is(error, 'CCB_NOT_FOUND')) return undefined;
    }
    if (performance.now() + pauseMs > deadline) return undefined;
    await pause(pauseMs, closed);
  }
  return undefined;
}
