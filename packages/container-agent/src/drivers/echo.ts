import type { RunEnd } from '@ccb/instance-interface';
import type { Driver, DriverContext, Turn } from './driver.ts';

/** Answers each command with its own text, inside the agent: a measure of the way there and back, without a program. */
export function createEchoDriver(_context: DriverContext): Driver {
  return {
    pid: undefined,
    start: (signal: AbortSignal): Promise<void> => (signal.aborted ? Promise.reject(signal.reason) : Promise.resolve()),
    run: (turn: Turn): Promise<RunEnd> => {
      turn.write('stdout', turn.text);
      return Promise.resolve({ success: true, completedBy: 'program', exitCode: 0 });
    },
    interrupt: (): void => {},
    signal: (): void => {},
    pause: (): void => {},
    resume: (): void => {},
    stop: (): Promise<void> => Promise.resolve(),
  };
}
