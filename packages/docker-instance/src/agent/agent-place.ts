import type { Call } from '@ccb/instance-interface/abstract';
import type { ExecCommand } from '../engine/engine.ts';

/** Where the agent of one instance lives: how it is started, seen and ended there. */
export interface AgentPlace {
  /** The container by name or id, as the engine is asked for it. */
  readonly container: string;
  /** Makes sure that it runs where it should. @throws {InstanceError} what the engine says, in words that say what to do */
  launch(call: Call): Promise<'launched' | 'running'>;
  /** The place lives, whether or not the agent answers. */
  alive(call: Call): Promise<boolean>;
  /** Resolves when the agent's place does not run any more; an event. */
  whenGone(call: Call): Promise<void>;
  /** For a place that lives and an agent that is silent: starts one by exec where there is none. false: it is there, frozen. */
  revive(call: Call): Promise<boolean>;
  /** The relay to its socket. */
  relay(observing: boolean): ExecCommand;
  /** Ends it, whatever state it is in. */
  kill(call: Call & { readonly graceMs: number }): Promise<void>;
  /** Removes what of it is ours. */
  remove(call: Call): Promise<void>;
  /** What its logs say at the end, for messages; never rejects. */
  lastWords(call: Call): Promise<string>;
}
