/** One thing that happened, for machines first: `event` is a stable dotted word such as `command.cancel_escalated`. */
export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  /** The name of the instance it happened to. */
  readonly instance?: string | undefined;
  /** Details of the event. Never a secret. */
  readonly [key: string]: unknown;
}

/** Where log entries go. Libraries are silent without one. What it throws is ignored. */
export type Log = (entry: LogEntry) => void;
