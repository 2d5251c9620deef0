import type { Readable } from 'node:stream';
import type { ContainerInspection } from '../engine.ts';

/** What the hub needs of an engine. Each call may be given up; a stream that comes after that is destroyed. */
export interface EventSource {
  /** `GET /events` of containers, from `since` (the engine's clock, inclusive) or from now on. */
  open(since: Date | undefined, signal: AbortSignal): Promise<Readable>;
  /** undefined: there is no such container. */
  inspect(container: string, signal: AbortSignal): Promise<ContainerInspection | undefined>;
  /** `GET /_ping`. Rejects when the engine does not answer. Without it a half-open connection is never noticed. */
  alive?(signal: AbortSignal): Promise<unknown>;
  /**
   * The engine's own clock, to the millisecond: `SystemTime` of `GET /info`. undefined: it does not say.
   * (The `Date` of an answer is cut to the second: the events of the second before would come as new.)
   */
  now?(signal: AbortSignal): Promise<Date | undefined>;
}
