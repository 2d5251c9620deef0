import type { ToolCall } from './event.ts';

export type PermissionOptionKind = 'allow_once' | 'allow_always' | 'reject_once' | 'reject_always';

/** The program asks before it acts. */
export interface PermissionRequest {
  readonly requestId: string;
  readonly toolCall: Partial<ToolCall>;
  readonly options: readonly {
    readonly optionId: string;
    readonly name: string;
    readonly kind: PermissionOptionKind;
  }[];
}

/** A kind picks the first option of that kind. `'cancelled'`: nobody answered. */
export type PermissionAnswer = PermissionOptionKind | { readonly optionId: string } | 'cancelled';

/**
 * Answers for a person. Asked again after a reconnect. One that throws, answers with something that was not offered,
 * or outlives the command is a denial; `context.signal` aborts when the command has ended.
 */
export type PermissionHandler = (
  request: PermissionRequest,
  context: { readonly commandId: string; readonly signal: AbortSignal },
) => PermissionAnswer | Promise<PermissionAnswer>;

/** A command's policy wins over its instance's. Without any it is `'deny'`. */
export type PermissionPolicy = 'deny' | 'allow' | PermissionHandler;
