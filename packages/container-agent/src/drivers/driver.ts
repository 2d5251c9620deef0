import type { CommandUpdate, PermissionAnswer, PermissionRequest, RunEnd, StallCause } from '@ccb/instance-interface';

/** What the agent offers a driver for its whole life. */
export interface DriverContext {
  /** The program's working directory at its first start. Absolute. */
  readonly workspace: string;
  /** The program's whole environment: the driver adds nothing of the agent's own. Carries `CCB_INSTANCE`, by which strays are found. */
  readonly env: Readonly<Record<string, string>>;
  /** A private directory (0700) for command files and FIFOs. Made and removed by the agent. */
  readonly directory: string;
  /** A private directory (0700) that outlives the program and the agent: for what a new program needs to go on, a session's id. */
  readonly memory: string;
  /** Extra arguments for the program, verbatim. */
  readonly args: readonly string[];
  log(level: 'debug' | 'info' | 'warn' | 'error', event: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Called synchronously after each spawn, before the program gets a byte. `group` is its process group. */
  spawned(program: { readonly pid: number; readonly group: number }): void;
  /** Called once for each spawn, when the process is gone and reaped. */
  exited(program: { readonly pid: number; readonly code: number | null; readonly signal: string | null }): void;
  /** Ends everything else that carries this instance's `CCB_INSTANCE`: tools that a program left behind. Synchronous. */
  endStrays(): void;
}

/** One command on its way through a driver. Calls are synchronous and cheap; what is emitted is journaled within the tick. */
export interface Turn {
  readonly id: string;
  readonly text: string;
  readonly stderr: 'separate' | 'merge';
  /** Decoded output. `bytes`: base64 of all bytes of this piece, only where they were not UTF-8. After the turn's end: `late`. */
  write(stream: 'stdout' | 'stderr', text: string, bytes?: string): void;
  /** Everything that is not output. */
  update(update: Exclude<CommandUpdate, { type: 'text' } | { type: 'end' }>): void;
  /**
   * Puts a question to whoever may decide, across reconnects; journals it and its answer. Several may be open.
   * Never rejects: `'cancelled'` when the command is cancelled or ends first.
   */
  ask(request: PermissionRequest): Promise<PermissionAnswer>;
}

/** Why nothing comes, as far as it can be shown. */
export interface Evidence {
  readonly cause: StallCause;
  /** What was seen, for people: "Bash runs `sleep 60` (process 4711) for 31 s". */
  readonly message: string;
}

/** A program that takes commands one at a time. One file (or folder) each; nothing outside knows how it is spoken to. */
export interface Driver {
  /** Brings the program up; resolves when it can take a command. Called again after an exit. Must reject (and leave no process) when `signal` aborts. */
  start(signal: AbortSignal): Promise<void>;
  /** Runs one command. Never called while another runs. Always settles once the program is gone. Output precedes the settling. */
  run(turn: Turn): Promise<RunEnd>;
  /** Asks the program to end the running command and go on; no effect when idle. Idempotent; the driver sees to it that it is not lost. */
  interrupt(): void;
  /** Sends a signal to the program's whole process group. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
  /** Back-pressure: stop reading the program's output; go on. Idempotent. */
  pause(): void;
  resume(): void;
  /** The program's pid while there is one. */
  readonly pid: number | undefined;
  /** The program's own version, once it is known. */
  readonly version?: string | undefined;
  /** Asked while a turn has been silent. undefined: it may well be working, nothing shows otherwise. Bounded in time by the driver. */
  evidence?(): Promise<Evidence | undefined>;
  /** Ends the program: politely, then after `graceMs` by SIGKILL of its group. Resolves when it is reaped. Idempotent. */
  stop(graceMs: number): Promise<void>;
}

export type DriverFactory = (context: DriverContext) => Driver;
