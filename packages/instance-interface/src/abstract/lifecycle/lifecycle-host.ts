import type { InstanceError } from '../../error.ts';
import type { Call } from '../call.ts';
import type { Turn } from '../commands/turn.ts';
import type { Deadlines } from './deadlines.ts';
import type { StateMachine } from './machine.ts';

/** What the lifecycle needs of its instance. */
export interface LifecycleHost {
  readonly name: string;
  readonly deadlines: Deadlines;
  readonly machine: StateMachine;
  readonly observes: boolean;
  readonly canDetach: boolean;
  start(call: Call): Promise<void>;
  stop(call: Call & { readonly graceMs: number }): Promise<void>;
  detach(call: Call): Promise<void>;
  cleanup(call: Call & { readonly remove: boolean }): Promise<void>;
  /** Ends all commands with the error; gives those that were in flight. */
  failAll(error: InstanceError): readonly Turn[];
  /** The instance runs: what waits may go. */
  onRunning(): void;
  /** Resolves when nothing of the commands goes on. */
  idle(signal: AbortSignal): Promise<void>;
  warn(event: string, fields: Readonly<Record<string, unknown>>): void;
}
