import type { ToolCall } from '@ccb/instance-interface';
import { bounded, idOf } from './translation/bounds.ts';
import { isObject } from './translation/json.ts';
import { kindOf, titleOf } from './translation/tool.ts';
import { contentOfInput } from './translation/tool-content.ts';

export { locateClaude } from './executable.ts';
export type { CanUseToolMessage as ToolQuestion } from './translation/control.ts';
export { permissionRequest as toolPermission, verdict as toolVerdict } from './translation/permission.ts';

/** A tool of Claude Code as the contract tells of it, whichever way it was heard of. */
export function toolCallOf(id: string, tool: string, input: unknown): Omit<ToolCall, 'status'> {
  const fields = isObject(input) ? input : {};
  const content = contentOfInput(tool, fields);
  return {
    toolCallId: idOf(id),
    title: titleOf(tool, fields),
    kind: kindOf(tool),
    rawInput: bounded(fields),
    ...(content !== undefined && { content }),
  };
}

/** What a tool gave back, as much of it as an event holds. */
export function toolOutputOf(output: unknown): unknown {
  return bounded(output);
}
