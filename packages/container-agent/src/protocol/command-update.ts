import { type Fields, FrameError, fields, list, oneOf, optionalText, text } from './check.ts';

const STREAMS = ['stdout', 'stderr'] as const;
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
const TOOL_STATUSES = ['pending', 'in_progress', 'completed', 'failed'] as const;
const PLAN_STATUSES = ['pending', 'in_progress', 'completed'] as const;
const OPTION_KINDS = ['allow_once', 'allow_always', 'reject_once', 'reject_always'] as const;
const DECIDERS = ['handler', 'policy', 'cancelled'] as const;
const STATUSES = ['queued', 'starting', 'running', 'retry', 'stalled', 'restarted'] as const;

/** The `event` of an event frame: what the contract calls a command update, its end excepted. @throws {FrameError} */
export function checkUpdate(value: unknown): void {
  const event = fields(value, 'event');
  switch (event.type) {
    case 'text':
      text(event, 'text', undefined, 'event.');
      if (event.stream !== undefined) oneOf(event, 'stream', STREAMS, 'event.');
      optionalText(event, 'bytes', undefined, 'event.');
      optionalText(event, 'messageId', 200, 'event.');
      if (event.late !== undefined && event.late !== true) throw new FrameError('event.late', 'true, or absent');
      break;
    case 'thought':
      text(event, 'text', undefined, 'event.');
      break;
    case 'tool_call':
      text(event, 'toolCallId', 200, 'event.');
      text(event, 'title', undefined, 'event.');
      oneOf(event, 'kind', KINDS, 'event.');
      oneOf(event, 'status', TOOL_STATUSES, 'event.');
      partialToolCall(event, 'event.');
      break;
    case 'tool_call_update':
      text(event, 'toolCallId', 200, 'event.');
      partialToolCall(event, 'event.');
      break;
    case 'plan':
      for (const [index, entry] of list(event, 'entries', 'event.').entries()) {
        const path = `event.entries[${index}]`;
        const step = fields(entry, path);
        text(step, 'content', undefined, `${path}.`);
        oneOf(step, 'status', PLAN_STATUSES, `${path}.`);
      }
      break;
    case 'permission_request':
      permissionRequest(event);
      break;
    case 'permission_resolved':
      text(event, 'requestId', 200, 'event.');
      optionalText(event, 'optionId', 200, 'event.');
      oneOf(event, 'by', DECIDERS, 'event.');
      break;
    case 'status':
      oneOf(event, 'status', STATUSES, 'event.');
      optionalText(event, 'message', undefined, 'event.');
      break;
    default:
      throw new FrameError('event.type', 'an update that this version knows');
  }
}

function permissionRequest(event: Fields): void {
  text(event, 'requestId', 200, 'event.');
  const toolCall = fields(event.toolCall, 'event.toolCall');
  optionalText(toolCall, 'toolCallId', 200, 'event.toolCall.');
  partialToolCall(toolCall, 'event.toolCall.');
  for (const [index, entry] of list(event, 'options', 'event.').entries()) {
    const path = `event.options[${index}]`;
    const option = fields(entry, path);
    text(option, 'optionId', 200, `${path}.`);
    text(option, 'name', undefined, `${path}.`);
    oneOf(option, 'kind', OPTION_KINDS, `${path}.`);
  }
}

function partialToolCall(call: Fields, within: string): void {
  optionalText(call, 'title', undefined, within);
  if (call.kind !== undefined) oneOf(call, 'kind', KINDS, within);
  if (call.status !== undefined) oneOf(call, 'status', TOOL_STATUSES, within);
  if (call.content !== undefined) list(call, 'content', within);
}
