import type { CommandResult, CommandUpdate, PermissionAnswer, PermissionRequest } from '@ccb/instance-interface';

/** Host to agent. One JSON text per line. */
export type HostFrame =
  | HostHello
  | { readonly type: 'configure'; readonly secrets: Readonly<Record<string, string>> }
  | CommandFrame
  /** The reader has taken everything up to this sequence number. */
  | { readonly type: 'ack'; readonly seq: number }
  | { readonly type: 'cancel'; readonly id: string; readonly reason: CancelReason }
  | PermissionFrame
  /** Ends whatever runs as `cancelled`; answered by `interrupted` once its end is journaled. */
  | { readonly type: 'interrupt'; readonly ref: number }
  /** Go back: send again everything after `after` (absent: from the command's begin; with no `id` from the oldest kept). Answered by `resumed`. */
  | {
      readonly type: 'resume';
      readonly ref: number;
      readonly id?: string | undefined;
      readonly after?: string | undefined;
    }
  /** Flow: the reader is slow; nothing but control frames until `proceed`. */
  | { readonly type: 'pause' }
  | { readonly type: 'proceed' }
  | { readonly type: 'ping'; readonly n: number; readonly ack?: number | undefined }
  | { readonly type: 'shutdown'; readonly graceMs: number };

export type CancelReason = 'cancelled' | 'timeout';

export interface HostHello {
  readonly type: 'hello';
  /** Versions of the protocol that this host speaks, both included. */
  readonly protocol: readonly [number, number];
  /** Names this host for the agent's arbitration; the same over its reconnects. */
  readonly host: string;
}

export interface CommandFrame {
  readonly type: 'command';
  readonly id: string;
  readonly text: string;
  readonly stderr?: 'separate' | 'merge' | undefined;
  /** ms until the agent itself ends it as `timeout`: the deadline holds though the host dies. */
  readonly timeoutMs?: number | undefined;
  /** Who answers when the program asks: the agent itself, by this policy, or the host (`asking`). Default `'deny'`. */
  readonly permission?: 'deny' | 'allow' | 'ask' | undefined;
  /** Rides along: see `ack`. */
  readonly ack?: number | undefined;
  /** The sender of the command has events up to here already (a command sent again after a reconnect). */
  readonly after?: string | undefined;
}

/** The answer to an `asking`. The first one counts; one that was not offered is a denial. */
export interface PermissionFrame {
  readonly type: 'permission';
  readonly id: string;
  readonly requestId: string;
  readonly answer: PermissionAnswer;
  readonly by: 'handler' | 'policy' | 'cancelled';
}

/** Agent to host. `begin`, `event` and `end` are the journal's lines, verbatim; the rest goes between them. */
export type AgentFrame = AgentHello | JournalFrame | ControlFrame;

export interface AgentHello {
  readonly type: 'hello';
  readonly protocol: number;
  readonly agentVersion: string;
  readonly journalId: string;
  /** Sequence number of the last journaled line; 0 before the first. */
  readonly lastSeq: number;
  /** Everything up to here was acknowledged by some reader. */
  readonly ackedSeq: number;
  readonly program: string;
  readonly programVersion?: string | undefined;
  /** The program's pid as the agent sees it. */
  readonly pid?: number | undefined;
  /** Id of the command that runs. */
  readonly running?: string | undefined;
  readonly runningSince?: string | undefined;
  /** false: `configure` must come before any command. */
  readonly configured: boolean;
  /** Another host holds this agent. Nothing follows. */
  readonly busy?: { readonly host: string; readonly since: string } | undefined;
}

export type JournalFrame =
  | {
      readonly type: 'begin';
      readonly seq: number;
      readonly id: string;
      readonly at: string;
      readonly digest: string;
      readonly text: string;
    }
  | {
      readonly type: 'event';
      readonly seq: number;
      readonly id: string;
      readonly at: string;
      readonly event: Exclude<CommandUpdate, { type: 'end' }>;
    }
  | {
      readonly type: 'end';
      readonly seq: number;
      readonly id: string;
      readonly at: string;
      readonly result: CommandResult;
    };

export type ControlFrame =
  /** The answer to one frame could not be journaled: `ref` names the resume, `id` the command. */
  | {
      readonly type: 'refused';
      readonly ref?: number | undefined;
      readonly id?: string | undefined;
      readonly code: string;
      readonly message: string;
      readonly retryable: boolean;
    }
  /** The journal is read again from somewhere at or before `after`; `upTo` is its last line now. */
  | { readonly type: 'resumed'; readonly ref: number; readonly after: number; readonly upTo: number }
  /** The secrets are there and the program takes commands. */
  | { readonly type: 'configured'; readonly pid?: number | undefined }
  /** The program of this command waits for an answer. Said again after each hello of a holder and each resume of the command. */
  | { readonly type: 'asking'; readonly id: string; readonly request: PermissionRequest }
  | { readonly type: 'interrupted'; readonly ref: number; readonly id?: string | undefined }
  | {
      readonly type: 'pong';
      readonly n: number;
      readonly program: ProgramHealth;
      /** Once it is known. */
      readonly programVersion?: string | undefined;
      readonly pid?: number | undefined;
      readonly running?: string | undefined;
      readonly runningSince?: string | undefined;
      /** What the running command waits for, other than its program. */
      readonly waitingFor?: 'permission' | undefined;
      readonly lastSeq: number;
    }
  | {
      readonly type: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly event: string;
      readonly fields?: Readonly<Record<string, unknown>> | undefined;
    };

/** `stopped` is a process that was frozen by a signal. `idle`: not started yet, or gone and started by the next command. */
export type ProgramHealth = 'running' | 'idle' | 'stopped' | 'dead';
