import type { CallOptions } from './call.ts';
import type { CollectedResult, CollectOptions, CommandOptions, CommandStream, ResumeOptions } from './command.ts';
import type { Cursor, HistoryEntry } from './event.ts';
import type { InstanceRecord } from './record.ts';
import type { Capabilities, InstanceState, StateChange } from './state.ts';

/** How long a program may take to end by itself. */
export interface StopOptions extends CallOptions {
  /** Milliseconds between the polite request and the end; default 5000. */
  readonly graceMs?: number | undefined;
}

export interface CleanupOptions extends CallOptions {
  /** Also delete what is ours. Default: this handle created the instance. */
  readonly remove?: boolean | undefined;
}

export interface HistoryOptions {
  /** Absent: from the beginning of the journal. */
  readonly after?: Cursor | undefined;
  /** Go on with what is to come. Default false. */
  readonly follow?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One program that takes commands, wherever it lives. Promises reject, and streams fail, with {@link InstanceError};
 * a caller's mistake is a `TypeError`. On a closed handle everything is `CCB_CLOSED`, except `isRunning()` (false),
 * `getInfo()` (`closed`), and a second `detach()` or `cleanup()`, which do nothing.
 */
export interface InstanceInterface extends AsyncDisposable {
  readonly name: string;
  /** The type of its backend. */
  readonly type: string;
  readonly state: InstanceState;
  readonly capabilities: Capabilities;
  /** What to persist; `backend.open(record)` gives the instance back. */
  readonly record: InstanceRecord;
  /**
   * Concurrent callers share one start; it is given up when the last of them has. While a stop is under way it waits
   * for its end. Nothing to do when it runs.
   * @throws {InstanceError} CCB_TIMEOUT, CCB_STOPPED (by a `stop()` meanwhile), CCB_LOCKED (observers), what the backend says
   */
  start(options?: CallOptions): Promise<void>;
  /**
   * Ends the program. Every command, queued and running, fails with `CCB_STOPPED`. Concurrent callers share one stop,
   * with the first one's `graceMs`. `start()` works again afterwards.
   */
  stop(options?: StopOptions): Promise<void>;
  /**
   * Eager: queued at the call, in call order; an instance that does not run is started. Throws only `TypeError`; every
   * other failure is on the stream.
   */
  sendCommand(text: string, options?: CommandOptions): CommandStream;
  /** The same with the whole text collected, up to `maxOutputBytes`; never an unbounded string. */
  sendCommandAndWait(text: string, options?: CollectOptions): Promise<CollectedResult>;
  /**
   * Continues, or replays, a command of this host or of one that died. After its last event there are no events, and the
   * result still arrives.
   * @throws on the stream: CCB_NOT_FOUND, CCB_JOURNAL_GAP, CCB_JOURNAL_LOST, CCB_NOT_SUPPORTED
   */
  resumeCommand(id: string, options?: ResumeOptions): CommandStream;
  /** What happened, from the journal. Throws `CCB_NOT_SUPPORTED` at its first step without the capability. */
  history(options?: HistoryOptions): AsyncIterable<HistoryEntry>;
  /**
   * Ends the running command, whoever sent it, as `cancelled`; resolves when its end was seen. false: nothing ran. The
   * queue goes on.
   */
  interrupt(options?: CallOptions): Promise<boolean>;
  /** true only on a fresh answer of backend AND program; no answer by the deadline is false, why is `getInfo().problem`. */
  isRunning(options?: CallOptions): Promise<boolean>;
  /** What is known now. A backend that does not answer is a `problem`, not a rejection. */
  getInfo(options?: CallOptions): Promise<InstanceInfo>;
  /**
   * Lets go: file descriptors, lock, timers of this handle. The instance goes on and can be opened again; results that
   * have not settled reject `CCB_CLOSED`, and `resumeCommand` continues them. -> `closed`
   */
  detach(options?: CallOptions): Promise<void>;
  /**
   * Ends the instance; `remove` also deletes what is ours. Legal in every state, idempotent, callers share one. When it
   * fails the instance is `failed` and it may be called again. Default deadline: 5 s, after a stop where one is needed.
   * After `detach()` it is `CCB_CLOSED`: open the instance again. -> `closed`
   */
  cleanup(options?: CleanupOptions): Promise<void>;
  /**
   * Created: `cleanup()`. Opened: `detach()`, or `cleanup({ remove: false })` where it cannot live on without a handle.
   * Nothing on a closed handle.
   */
  [Symbol.asyncDispose](): Promise<void>;
  /** Called synchronously after each move, in order; what a listener throws goes to the log. Returns its undo. */
  onStateChange(listener: (change: StateChange) => void): () => void;
}

export interface InstanceInfo {
  readonly name: string;
  readonly type: string;
  readonly state: InstanceState;
  /** What is wrong, in words that say what to do. */
  readonly problem?: string | undefined;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly startedAt?: string | undefined;
  /** `pid` is the one that the host sees; absent where it cannot be known. */
  readonly program: {
    readonly name: string;
    readonly version?: string | undefined;
    readonly pid?: number | undefined;
  };
  /** Of the agent beside the program, where there is one. */
  readonly agentVersion?: string | undefined;
  readonly transport?: 'fifo' | 'exec' | 'stdio' | (string & {}) | undefined;
  /** Round trip to the program's agent, in milliseconds. */
  readonly pingMs?: number | undefined;
  /** The one that runs. */
  readonly command?:
    | { readonly id: string; readonly startedAt: string; readonly waitingFor?: 'permission' | undefined }
    | undefined;
  /** Commands of this handle that wait for their turn. */
  readonly queued: number;
  /** What a person runs to take the terminal over. */
  readonly attachCommand?: readonly string[] | undefined;
  /** Who holds it, as advice. */
  readonly holder?: { readonly pid: number; readonly since: string; readonly command: string } | undefined;
}
