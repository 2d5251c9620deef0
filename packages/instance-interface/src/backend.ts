import type { CallOptions } from './call.ts';
import type { StallCause } from './event.ts';
import type { InstanceInterface } from './instance.ts';
import type { Log } from './log.ts';
import type { PermissionPolicy } from './permission.ts';
import type { InstanceRecord } from './record.ts';

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
}
