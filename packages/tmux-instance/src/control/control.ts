import type { InstanceError } from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';

/** One tmux command, unquoted: its name and its arguments; a Buffer for bytes that need not be UTF-8. No NUL. */
export type TmuxCommand = readonly [name: string, ...args: (string | Buffer)[]];

/** The lines that one command answered with. */
export type Reply = readonly string[];

/** What tmux tells by itself, for example `%client-detached` with `/dev/pts/3`. */
export interface Notification {
  readonly name: string;
  readonly args: string;
}

/** A tmux server, as an instance names it. */
export interface TmuxServer {
  /** Path of its socket, at most 107 bytes. */
  readonly socket: string;
  /** `ours`: started when nobody answers, and ends with its last session. `person`: used as it is, never started. */
  readonly owner: 'ours' | 'person';
}

/** One user's share of the one control-mode client that all instances of this process have on a server. */
export interface Control {
  readonly server: TmuxServer;
  readonly serverPid: number;
  /** As tmux says it, for example `3.3a`. */
  readonly version: string;
  /**
   * Sends the commands as one control line: the server runs them in one turn, nothing comes between them. Control lines are
   * sent at once, in call order, and answered in order.
   * @returns the reply of each command
   * @throws {TmuxCommandError} the first command that failed; those after it were not run
   * @throws {InstanceError} CCB_BACKEND_UNREACHABLE when the server dies, CCB_TIMEOUT after 10 s; the signal's reason
   */
  run(commands: readonly TmuxCommand[], call?: Call): Promise<readonly Reply[]>;
  /** @returns what ends the listening */
  onNotification(listener: (notification: Notification) => void): () => void;
  /** Once, when server or control client is gone; every later `run` rejects. At once when it is gone already. @returns what ends the listening */
  onDown(listener: (error: InstanceError) => void): () => void;
  /** The last release ends the control client, and with it its own session. Idempotent. */
  release(): Promise<void>;
}
