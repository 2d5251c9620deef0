import type { CommandResult } from './command.ts';
import type { PermissionRequest } from './permission.ts';

/** Opaque position in one journal (journal id and sequence number). Keep it, hand it back; never compute with it. */
export type Cursor = string;

/** What happens while a command runs. Plain JSON: the same object in the journal, in `--json`, in server-sent events. */
export type CommandEvent = {
  readonly cursor: Cursor;
  /** ISO 8601, UTC. */
  readonly at: string;
} & CommandUpdate;

/** A piece of the program's output. */
export interface TextUpdate {
  readonly type: 'text';
  readonly text: string;
  /** Absent where the two cannot be told apart, or do not exist. */
  readonly stream?: 'stdout' | 'stderr' | undefined;
  readonly messageId?: string | undefined;
  /** base64 of the whole of this event's bytes; only where they were not UTF-8. */
  readonly bytes?: string | undefined;
  /** Written by a background child after the command's end: in `history()` only. */
  readonly late?: true | undefined;
}

/** A {@link CommandEvent} without its position. The terms are the Agent Client Protocol's session updates. */
export type CommandUpdate =
  | TextUpdate
  | { readonly type: 'thought'; readonly text: string }
  | ({ readonly type: 'tool_call' } & ToolCall)
  | ({ readonly type: 'tool_call_update'; readonly toolCallId: string } & Partial<Omit<ToolCall, 'toolCallId'>>)
  | {
      readonly type: 'plan';
      readonly entries: readonly {
        readonly content: string;
        readonly status: 'pending' | 'in_progress' | 'completed';
      }[];
    }
  | ({ readonly type: 'permission_request' } & PermissionRequest)
  | {
      readonly type: 'permission_resolved';
      readonly requestId: string;
      readonly optionId?: string | undefined;
      readonly by: 'handler' | 'policy' | 'cancelled';
    }
  | {
      readonly type: 'status';
      readonly status: 'queued' | 'starting' | 'running' | 'retry' | 'stalled' | 'restarted';
      readonly message?: string | undefined;
      /** Of `stalled` alone. */
      readonly cause?: StallCause | undefined;
    }
  | { readonly type: 'end'; readonly result: CommandResult };

/**
 * Why nothing comes from a program whose command runs, as evidence shows it:
 * `thinking` (its connection to the model is alive), `tool` (a tool of its runs), `permission` (it waits for an answer),
 * `unfinished` (the answer is complete, only its end was not said), `frozen` (its process is stopped), `dead` (its process is gone).
 */
export type StallCause = 'thinking' | 'tool' | 'permission' | 'unfinished' | 'frozen' | 'dead';

export interface ToolCall {
  readonly toolCallId: string;
  /** For people. */
  readonly title: string;
  readonly kind:
    | 'read'
    | 'edit'
    | 'delete'
    | 'move'
    | 'search'
    | 'execute'
    | 'think'
    | 'fetch'
    | 'switch_mode'
    | 'other';
  readonly status: 'pending' | 'in_progress' | 'completed' | 'failed';
  readonly rawInput?: unknown;
  readonly rawOutput?: unknown;
  readonly content?: readonly unknown[] | undefined;
}

/** What `history()` tells: the commands, and everything that happened in them, late output included. */
export type HistoryEntry = { readonly commandId: string } & (
  | CommandEvent
  | { readonly cursor: Cursor; readonly at: string; readonly type: 'command'; readonly text: string }
);
