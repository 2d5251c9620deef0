import { constants } from 'node:os';
import type { ContainerInspection } from '../engine/engine.ts';

/** What an engine knows of an end. */
export interface ContainerEnd {
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** What the runtime said when it could not be started; else empty. */
  readonly error: string;
}

/** Why a container does not do its work, and what that makes of the instance. */
export interface Down {
  readonly state: 'stopped' | 'failed' | 'unreachable';
  /** One short sentence without an end. */
  readonly reason: string;
}

const SIGNALS: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.signals)
    // The oldest name of a number: SIGABRT, not SIGIOT.
    .reverse()
    .map(([name, number]) => [number, name]),
);

/** Such as `exit 137, out of memory`, `exit 143 (SIGTERM)`, `exit 0`, or what the runtime said. */
export function whyEnded({ exitCode, oomKilled, error }: ContainerEnd): string {
  if (error !== '') return error.trim().split('\n', 1)[0] as string;
  if (oomKilled) return `exit ${exitCode}, out of memory`;
  const signal = SIGNALS.get(exitCode - 128);
  return signal === undefined ? `exit ${exitCode}` : `exit ${exitCode} (${signal})`;
}

/** Ended of itself, or because it was politely asked to: nothing went wrong. */
export function endedWell({ exitCode, oomKilled, error }: ContainerEnd): boolean {
  return error === '' && !oomKilled && (exitCode === 0 || exitCode === 128 + constants.signals.SIGTERM);
}

/** undefined: it runs. @param found undefined: there is no such container */
export function whyDown(found: ContainerInspection | undefined): Down | undefined {
  if (found === undefined) return { state: 'stopped', reason: 'the container was removed' };
  const { state } = found;
  if (state.paused) return { state: 'unreachable', reason: 'the container is paused' };
  switch (state.status) {
    case 'running':
      return undefined;
    case 'restarting':
      return { state: 'unreachable', reason: `the container is being restarted after ${whyEnded(state)}` };
    case 'removing':
      return { state: 'stopped', reason: 'the container is being removed' };
    case 'created':
      return state.error === ''
        ? { state: 'stopped', reason: 'the container was not started yet' }
        : { state: 'failed', reason: `the container could not be started: ${whyEnded(state)}` };
    default:
      return { state: endedWell(state) ? 'stopped' : 'failed', reason: `the container ended: ${whyEnded(state)}` };
  }
}
