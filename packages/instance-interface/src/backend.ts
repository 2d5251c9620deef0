import type { CallOptions } from './call.ts';
import type { StallCause } from './event.ts';
import type { InstanceInterface } from './instance.ts';
import type { Log } from './log.ts';
import type { PermissionPolicy } from './permission.ts';
import type { InstanceRecord } from './record.ts';
import type { InstanceState } from './state.ts';

/** What is done about a command of which nothing is heard. */
export interface StallOptions {
  /** ms of silence before a `stalled` status tells the cause; default 30 000. Told again when the cause changes. */
  readonly afterMs?: number | undefined;
  /**
   * ms of silence by cause after which the command is ended as `failed` with `CCB_STALLED`; told before, also where that
   * is sooner than `afterMs`. Without one it may go on for ever, which is the default for all. `unfinished` is the one for
   * which a short limit is safe: the answer is there already. A model may think, and a tool run, for longer than anybody
   * expects; what waits for a person waits until somebody comes.
   */
  readonly limitsMs?: Readonly<Partial<Record<StallCause, number | undefined>>> | undefined;
}

/**
 * Whose login a program uses. `'instance'`: one of the instance's own, or a key in `env`; nothing of the person's
 * configuration is read or written. `'person'`: the person's own configuration directory, in place, so that a token that
 * the program refreshes is refreshed for both; with it come the person's settings, hooks and memory.
 */
export type Login = 'instance' | 'person';

/** What every backend can be asked for; each adds its own fields. */
export interface InstanceSpec {
  readonly type: string;
  /** See `namePattern`. */
  readonly name: string;
  /** The program to drive; the default is the backend's. */
  readonly program?: string | undefined;
  readonly programArgs?: readonly string[] | undefined;
  /** The directory that the program works in. */
  readonly workspace?: string | undefined;
  /** Given to the program. Treated as secrets: a record keeps the names, never the values. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Where the program has such a thing as a login; default `'instance'`. */
  readonly login?: Login | undefined;
  /** Default `'deny'`. */
  readonly permission?: PermissionPolicy | undefined;
  /** Commands that may wait for their turn, default 64; beyond it a command fails with `CCB_BUSY`. */
  readonly maxQueue?: number | undefined;
  /** Gone with its host: it ends itself when its holder's lock is free. */
  readonly ephemeral?: boolean | undefined;
  /** Where the backend can tell. */
  readonly stall?: StallOptions | undefined;
  readonly log?: Log | undefined;
}

export interface CreateOptions extends CallOptions {
  /** Runs BEFORE anything outside is made, so that a crash leaves a record and not an orphan. */
  readonly onRecord?: ((record: InstanceRecord) => Promise<void>) | undefined;
  /** What somebody is told who finds the instance held: a command such as `ccb chat work`. Default: the script's name. */
  readonly holder?: string | undefined;
}

export interface OpenOptions extends CallOptions {
  /**
   * `'observe'`: no lock, beside the holder: isRunning, getInfo, history, interrupt, stop, detach; everything else is
   * `CCB_LOCKED`. Default `'hold'`.
   */
  readonly mode?: 'hold' | 'observe' | undefined;
  /** Default `'deny'`. */
  readonly permission?: PermissionPolicy | undefined;
  /** Values for the names of secrets that the record lists; a record never holds values. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** What somebody is told who finds the instance held: a command such as `ccb chat work`. Default: the script's name. */
  readonly holder?: string | undefined;
  readonly log?: Log | undefined;
}

/** Something that a backend found. */
export interface Discovered {
  readonly type: string;
  readonly name?: string | undefined;
  readonly record?: InstanceRecord | undefined;
  /** For people. */
  readonly description: string;
  /** Made by ccb. */
  readonly ours: boolean;
}

/** One thing that a backend needs, and whether it is there. */
export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'problem';
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string | undefined;
}

/** What an instance is at this moment, as far as can be told without opening it. */
export interface LiveState {
  readonly state: Extract<InstanceState, 'running' | 'stopped' | 'unreachable' | 'failed'>;
  /** Why it is not as it should be. */
  readonly problem?: string | undefined;
}

export interface PruneOptions extends CallOptions {
  /** Only look. Default false. */
  readonly dryRun?: boolean | undefined;
}

/** Something of ours that nobody has any more. */
export interface Pruned {
  readonly type: string;
  /** The instance that it was. */
  readonly name?: string | undefined;
  /** For people: what it was, and why it went. */
  readonly description: string;
  /** Why it could not be removed. */
  readonly problem?: string | undefined;
}

/** Where instances live. */
export interface Backend<S extends InstanceSpec = InstanceSpec, I extends InstanceInterface = InstanceInterface> {
  readonly type: S['type'];
  /** Unknown JSON in, a spec out. @throws {TypeError} naming the field */
  parseSpec(value: unknown): S;
  /** Made, not started: the first command, or `start()`, starts it. */
  create(spec: S, options?: CreateOptions): Promise<I>;
  /**
   * Asks the backend once: gone is `CCB_NOT_FOUND`; not reachable opens as `unreachable`.
   * @throws {InstanceError} CCB_RECORD_INVALID, CCB_NOT_FOUND, CCB_LOCKED
   */
  open(record: InstanceRecord, options?: OpenOptions): Promise<I>;
  discover?(options?: CallOptions): Promise<readonly Discovered[]>;
  check?(options?: CallOptions): Promise<readonly Check[]>;
  /** Of many instances at once, in the order of their records, one question for all; it opens none, and takes no hold. */
  states?(records: readonly InstanceRecord[], options?: CallOptions): Promise<readonly LiveState[]>;
  /** Removes what this backend made, nobody has any more, and is confirmed dead. Never an instance that was to be kept. */
  prune?(options?: PruneOptions): Promise<readonly Pruned[]>;
  /** The spec by which something that exists, named as a person names it, becomes an instance. @throws {TypeError} */
  adopting?(spec: S, target: string): S;
  /**
   * Gives a stopped instance that nobody holds another name.
   * @returns the record that replaces `record`
   * @throws {InstanceError} CCB_NAME_TAKEN, CCB_LOCKED, CCB_INVALID_STATE while it runs
   */
  rename?(record: InstanceRecord, name: string, options?: CallOptions): Promise<InstanceRecord>;
}
