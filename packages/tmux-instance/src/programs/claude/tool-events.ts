import { toolCallOf, toolOutputOf } from '@ccb/container-agent';
import type { RunUpdate } from '../program.ts';
import { type HookEvent, textOf } from './hook-event.ts';

/** What a hook says of a tool, as an event; undefined: nothing. */
export function toolEvent({ name, fields }: HookEvent): RunUpdate | undefined {
  const id = textOf(fields.tool_use_id);
  const tool = textOf(fields.tool_name);
  if (id === undefined || tool === undefined) return undefined;
  const toolCall = toolCallOf(id, tool, fields.tool_input);
  if (name === 'PreToolUse') return { type: 'tool_call', ...toolCall, status: 'in_progress' };
  const status = name === 'PostToolUse' ? 'completed' : 'failed';
  const output = toolOutputOf(fields.tool_response ?? fields.error);
  return { type: 'tool_call_update', toolCallId: toolCall.toolCallId, status, rawOutput: output };
}
