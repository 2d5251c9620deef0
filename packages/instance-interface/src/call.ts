/**
 * How long this caller waits. `signal` and `timeoutMs` end the wait of THIS caller; shared work (one start, one stop)
 * goes on for the others.
 *
 * An abort rejects with `signal.reason`, the deadline with {@link InstanceError} `CCB_TIMEOUT`.
 */
export interface CallOptions {
  /** Ends the wait; the call rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from the call. Defaults: start 60 s, stop 10 s + `graceMs`, the rest 5 s. */
  readonly timeoutMs?: number | undefined;
}
