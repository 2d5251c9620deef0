import type { Capabilities, InstanceInterface } from '@ccb/instance-interface';
import type { Commands } from './commands.ts';
import type { Faults } from './spec.ts';

/** What one test of the suite has at hand. Whatever it opens is closed after it, whether it passed or not. */
export interface Bench {
  readonly commands: Commands;
  readonly faults: Faults;
  /** Aborts when the test's time is over. */
  readonly signal: AbortSignal;
  /** A new instance, not started; cleaned up with `remove` after the test. @param signal also ends its making */
  create(signal?: AbortSignal): Promise<InstanceInterface>;
  /** An instance that runs and has nothing to do, perhaps after other tests. The test leaves it like that, and in its own hands. */
  borrow(): Promise<InstanceInterface>;
  /** What a second host opens; detached after the test. Only where the backend can (`capabilities.detach`). */
  reopen(record: InstanceInterface['record']): Promise<InstanceInterface>;
  /** An observer, where the spec has one; detached after the test. */
  observe: ((record: InstanceInterface['record']) => Promise<InstanceInterface>) | undefined;
  /** What is of ours and alive now. */
  leaks(): Promise<readonly string[]>;
}

/** One chapter of the suite. */
export interface Group {
  readonly name: string;
  define(cases: Cases): void;
}

/** Defines the cases of a group. */
export interface Cases {
  /** Always runs. */
  test(name: string, body: (bench: Bench) => Promise<void>): void;
  /**
   * Runs `body` where the instance has the capability; else `refused`, which must assert `CCB_NOT_SUPPORTED`.
   * Without `refused` such a backend passes for having nothing to show: only where another case asserts the refusal.
   */
  testWith(
    capability: keyof Capabilities,
    name: string,
    body: (bench: Bench) => Promise<void>,
    refused?: (bench: Bench) => Promise<void>,
  ): void;
  /** Runs where the spec has the thing: a command of the dialect, a fault, an observer. */
  testIf(
    has: (bench: Pick<Bench, 'commands' | 'faults' | 'observe'>) => boolean,
    name: string,
    body: (bench: Bench) => Promise<void>,
  ): void;
}
