import type { InstanceError } from './error.ts';

/**
 * - `stopped`: made, or ended; `start()` or the next command starts it
 * - `unreachable`: it may well go on, nobody can tell; `start()` tries to reach it
 * - `failed`: it broke, or a start did; `start()` tries again
 * - `closed`: this handle was detached or cleaned up; nothing leads out of it
 */
export type InstanceState = 'stopped' | 'starting' | 'running' | 'unreachable' | 'stopping' | 'failed' | 'closed';

export interface StateChange {
  readonly from: InstanceState;
  readonly to: InstanceState;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** For people. */
  readonly reason: string;
  /** Why, where an error is behind the move. */
  readonly error?: InstanceError | undefined;
}

/** What this instance can do. One truth: what `false` makes unavailable fails with `CCB_NOT_SUPPORTED`. */
export interface Capabilities {
  /** `interrupt()` works, and `cancel()` reaches the program without abandoning it. */
  readonly interrupt: boolean;
  /** The program asks before it acts. */
  readonly permissions: boolean;
  /** Results carry the program's exit status. */
  readonly exitCode: boolean;
  /** The chunks joined are the program's output, byte for byte. */
  readonly exactOutput: boolean;
  /** `resumeCommand()` works. */
  readonly resume: boolean;
  /** `history()` works. */
  readonly history: boolean;
  /** `detach()` works: the instance lives on without this handle. */
  readonly detach: boolean;
}
