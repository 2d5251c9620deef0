import { type Fields, list, oneOf, optionalText, text } from './check.ts';

const KINDS = [
  'read',
  'edit',
  'delete',
  'move',
  'search',
  'execute',
  'think',
  'fetch',
  'switch_mode',
  'other',
] as const;
const STATUSES = ['pending', 'in_progress', 'completed', 'failed'] as const;

/** @throws {FrameError} */
export function checkToolCall(call: Fields, within: string): void {
  text(call, 'toolCallId', 200, within);
  text(call, 'title', undefined, within);
  oneOf(call, 'kind', KINDS, within);
  oneOf(call, 'status', STATUSES, within);
  checkPartialToolCall(call, within);
}

/** Whatever of it is there, but for its id. @throws {FrameError} */
export function checkPartialToolCall(call: Fields, within: string): void {
  optionalText(call, 'title', undefined, within);
  if (call.kind !== undefined) oneOf(call, 'kind', KINDS, within);
  if (call.status !== undefined) oneOf(call, 'status', STATUSES, within);
  if (call.content !== undefined) list(call, 'content', within);
}
