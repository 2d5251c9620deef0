import type { StallCause } from '@ccb/instance-interface';
import { FrameError, fields, list, oneOf, optionalText, text } from './check.ts';
import { checkPermissionRequest, DECIDERS } from './permission.ts';
import { checkPartialToolCall, checkToolCall } from './tool-call.ts';

const STREAMS = ['stdout', 'stderr'] as const;
const PLAN_STATUSES = ['pending', 'in_progress', 'completed'] as const;
const STATUSES = ['queued', 'starting', 'running', 'retry', 'stalled', 'restarted'] as const;

/** What evidence may show of a silent program. */
export const stallCauses: readonly StallCause[] = ['thinking', 'tool', 'permission', 'unfinished', 'frozen', 'dead'];

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
      checkToolCall(event, 'event.');
      break;
    case 'tool_call_update':
      text(event, 'toolCallId', 200, 'event.');
      checkPartialToolCall(event, 'event.');
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
      checkPermissionRequest(event, 'event.');
      break;
    case 'permission_resolved':
      text(event, 'requestId', 200, 'event.');
      optionalText(event, 'optionId', 200, 'event.');
      oneOf(event, 'by', DECIDERS, 'event.');
      break;
    case 'status':
      oneOf(event, 'status', STATUSES, 'event.');
      if (event.cause !== undefined) oneOf(event, 'cause', stallCauses, 'event.');
      optionalText(event, 'message', undefined, 'event.');
      break;
    default:
      throw new FrameError('event.type', 'an update that this version knows');
  }
}
