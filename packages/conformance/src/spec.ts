import type { InstanceInterface } from '@ccb/instance-interface';
import type { Commands } from './commands.ts';

/** Does to an instance what the world does to it. Each resolves when it has happened. */
export interface Faults<I extends InstanceInterface = InstanceInterface> {
  /** The program's process dies at once, by SIGKILL. */
  readonly killProgram: ((instance: I) => Promise<void>) | null;
  /** What stands between backend and program dies at once; the program may live. */
  readonly killAgent: ((instance: I) => Promise<void>) | null;
  /** The place that the instance lives in dies: the container, the terminal server. */
  readonly killBackend: ((instance: I) => Promise<void>) | null;
  /** Everything stops answering without dying, until it is thawed. */
  readonly freeze: ((instance: I) => Promise<{ thaw(): Promise<void> }>) | null;
}

/** How the suite meets one backend. */
export interface ConformanceSpec<I extends InstanceInterface = InstanceInterface> {
  readonly name: string;
  readonly commands: Commands;
  /** A new instance with this name, not started. The suite cleans it up. */
  create(context: { readonly name: string; readonly signal: AbortSignal }): Promise<I>;
  /** A second host: opens what `instance.record` says, as after a crash. Needed where capabilities.resume or .detach. */
  reopen?(record: I['record']): Promise<I>;
  /** An observer beside the holder: `open(record, { mode: 'observe' })`. */
  observe?(record: I['record']): Promise<I>;
  /** A fault that the backend cannot suffer is `null`, on purpose, never absent. */
  readonly faults: Faults<I>;
  /**
   * Everything of ours that is alive now: pids, containers, FIFOs, sessions, by name. Empty after every test.
   * @param kept instances that live on, with all that is theirs: they are left out. None without `reuse`
   */
  leaks(kept: readonly I[]): Promise<readonly string[]>;
  /**
   * Cases that need no more than an instance that runs have the same one, one after the other: many starts fewer. It is
   * given on only when it answers exactly, and idles; what fails on it names the case before. Default: one for each case.
   */
  readonly reuse?: boolean | undefined;
  /** ms that one test may take; default 30 000. */
  readonly testTimeoutMs?: number | undefined;
}
