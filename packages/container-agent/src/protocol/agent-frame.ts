import type { CommandResult } from '@ccb/instance-interface';
import {
  count,
  type Fields,
  FrameError,
  fields,
  flag,
  identifier,
  oneOf,
  optionalCount,
  optionalText,
  text,
} from './check.ts';
import type { AgentFrame, AgentHello, JournalFrame } from './frames.ts';

const HEALTH = ['running', 'idle', 'stopped', 'dead'] as const;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const STATUSES = ['completed', 'failed', 'timeout', 'cancelled'] as const;
const UPDATES = new Set([
  'text',
  'thought',
  'tool_call',
  'tool_call_update',
  'plan',
  'permission_request',
  'permission_resolved',
  'status',
]);

/** What a host accepts from an agent, which may be hostile. @throws {FrameError} naming the field */
export function parseAgentFrame(value: unknown): AgentFrame {
  const frame = fields(value, 'frame');
  switch (frame.type) {
    case 'event':
    case 'begin':
    case 'end':
      return journalFrame(frame);
    case 'pong':
      count(frame, 'n');
      count(frame, 'lastSeq');
      oneOf(frame, 'program', HEALTH);
      optionalCount(frame, 'pid');
      optionalText(frame, 'running', 200);
      optionalText(frame, 'runningSince', 40);
      break;
    case 'hello':
      hello(frame);
      break;
    case 'refused':
      optionalCount(frame, 'ref');
      optionalText(frame, 'id', 200);
      text(frame, 'code', 100);
      text(frame, 'message', 65_536);
      flag(frame, 'retryable');
      break;
    case 'resumed':
      count(frame, 'ref');
      count(frame, 'after');
      count(frame, 'upTo');
      break;
    case 'configured':
      optionalCount(frame, 'pid');
      optionalText(frame, 'programVersion', 200);
      break;
    case 'interrupted':
      count(frame, 'ref');
      optionalText(frame, 'id', 200);
      break;
    case 'log':
      oneOf(frame, 'level', LEVELS);
      text(frame, 'event', 200);
      if (frame.fields !== undefined) fields(frame.fields, 'fields');
      break;
    default:
      throw new FrameError('type', 'a frame type that this version knows');
  }
  return frame as unknown as AgentFrame;
}

/** Also for lines read straight from a journal. The object itself is handed on: no copy on the hot path. */
export function journalFrame(frame: Fields): JournalFrame {
  if (count(frame, 'seq') === 0) throw new FrameError('seq', '1 or more');
  identifier(frame, 'id');
  text(frame, 'at', 40);
  if (frame.type === 'event') {
    const event = fields(frame.event, 'event');
    if (event.type === 'text') {
      text(event, 'text');
      if (event.bytes !== undefined) text(event, 'bytes');
      if (event.stream !== undefined) oneOf(event, 'stream', ['stdout', 'stderr']);
    } else update(event);
  } else if (frame.type === 'begin') {
    text(frame, 'digest', 200);
    text(frame, 'text');
  } else if (frame.type === 'end') result(frame);
  else throw new FrameError('type', 'begin, event or end');
  return frame as unknown as JournalFrame;
}

function update(event: Fields): void {
  if (!UPDATES.has(text(event, 'type', 40))) throw new FrameError('event.type', 'an update that this version knows');
  if (event.type === 'thought') text(event, 'text');
  if (event.type === 'status') text(event, 'status', 40);
  if (event.type === 'tool_call' || event.type === 'tool_call_update') text(event, 'toolCallId', 200);
  if (event.type === 'plan' && !Array.isArray(event.entries)) throw new FrameError('event.entries', 'a list');
  if (event.type === 'permission_request') {
    text(event, 'requestId', 200);
    fields(event.toolCall, 'event.toolCall');
    if (!Array.isArray(event.options)) throw new FrameError('event.options', 'a list');
  }
  if (event.type === 'permission_resolved') text(event, 'requestId', 200);
}

function result(frame: Fields): void {
  const value = fields(frame.result, 'result') as Fields & Partial<CommandResult>;
  const status = oneOf(value, 'status', STATUSES);
  if (flag(value, 'success') !== (status === 'completed'))
    throw new FrameError('result.success', `${!value.success} with status ${status}`);
  if (value.id !== frame.id) throw new FrameError('result.id', "the frame's id");
  count(value, 'durationMs');
  count(value, 'outputBytes');
  text(value, 'completedBy', 100);
  flag(value, 'inferred');
  optionalCount(value, 'exitCode');
  if (!value.success) {
    const error = fields(value.error, 'result.error');
    text(error, 'code', 100);
    text(error, 'message', 65_536);
    flag(error, 'retryable');
  }
}

function hello(frame: Fields): asserts frame is Fields & AgentHello {
  count(frame, 'protocol');
  text(frame, 'agentVersion', 100);
  if (!/^[a-z0-9]{1,40}$/.test(text(frame, 'journalId', 40))) throw new FrameError('journalId', 'letters and digits');
  count(frame, 'lastSeq');
  count(frame, 'ackedSeq');
  text(frame, 'program', 200);
  optionalText(frame, 'programVersion', 200);
  optionalCount(frame, 'pid');
  optionalText(frame, 'running', 200);
  optionalText(frame, 'runningSince', 40);
  flag(frame, 'configured');
  if (frame.busy !== undefined) {
    const busy = fields(frame.busy, 'busy');
    text(busy, 'host', 200);
    text(busy, 'since', 40);
  }
}
