import type { Hosts } from './hosts.ts';
import type { AgentLog } from './log.ts';
import type { Observers } from './observers.ts';

/** Where those who come in are received, whatever way they came. */
export interface Reception {
  readonly hosts: Hosts;
  readonly observers: Observers;
  readonly log: AgentLog;
}

/** One way in. */
export interface Listener {
  /** Nobody comes in any more; those who are in still get what was handed over for them, within bounds. */
  close(): Promise<void>;
}
