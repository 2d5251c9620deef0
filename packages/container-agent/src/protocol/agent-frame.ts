import { JOURNAL_ID } from '../journal/cursor.ts';
import {
  code,
  count,
  type Fields,
  FrameError,
  fields,
  flag,
  identifier,
  maxIdLength,
  oneOf,
  optionalCount,
  optionalText,
  text,
} from './check.ts';
import { checkResult } from './command-result.ts';
import { checkUpdate } from './command-update.ts';
import { extentOf } from './extent.ts';
import type { AgentFrame, AgentHello } from './frames.ts';
import { checkPermissionRequest } from './permission.ts';

const HEALTH = ['running', 'idle', 'stopped', 'dead'] as const;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
/** What an agent sends is 64 KiB at most, but for the text of a command. */
const MAX_EXTENT = 1024 * 1024;
/** Of a text event, beside its text. */
const MAX_ENVELOPE = 4096;

/** What a host accepts from an agent, which may be hostile. @throws {FrameError} naming the field */
export function parseAgentFrame(value: unknown): AgentFrame {
  const frame = fields(value, 'frame');
  switch (frame.type) {
    case 'event':
    case 'begin':
    case 'end':
      journalFrame(frame);
      break;
    case 'pong':
      count(frame, 'n');
      count(frame, 'lastSeq');
      oneOf(frame, 'program', HEALTH);
      optionalText(frame, 'programVersion', 200);
      optionalCount(frame, 'pid');
      running(frame);
      if (frame.waitingFor !== undefined) oneOf(frame, 'waitingFor', ['permission']);
      break;
    case 'asking':
      identifier(frame, 'id');
      checkPermissionRequest(fields(frame.request, 'request'), 'request.');
      break;
    case 'hello':
      hello(frame);
      break;
    case 'refused':
      optionalCount(frame, 'ref');
      optionalText(frame, 'id', maxIdLength);
      code(frame, 'code');
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
      break;
    case 'interrupted':
      count(frame, 'ref');
      optionalText(frame, 'id', maxIdLength);
      break;
    case 'log':
      oneOf(frame, 'level', LEVELS);
      text(frame, 'event', 200);
      if (frame.fields !== undefined) fields(frame.fields, 'fields');
      break;
    default:
      throw new FrameError('type', 'a frame type that this version knows');
  }
  limited(frame);
  // The object itself is handed on: no copy on the hot path.
  return frame as unknown as AgentFrame;
}

/** What the object weighs is what readers keep of it, whatever else it carries. */
function limited(frame: Fields): void {
  const extent = extentOf(frame, 'frame');
  if (extent <= MAX_ENVELOPE) return;
  const { text: content, bytes } = (frame.type === 'begin' ? frame : (frame.event ?? {})) as Fields;
  const carried = lengthOf(content) + lengthOf(bytes);
  if (frame.type === 'begin' ? extent - carried > MAX_ENVELOPE : extent > MAX_EXTENT)
    throw new FrameError('frame', `at most ${MAX_EXTENT} characters, the text of a command excepted`);
  const isText = frame.type === 'event' && (frame.event as Fields | null)?.type === 'text';
  if (isText && extent - carried > MAX_ENVELOPE) throw new FrameError('event', 'no more than a text');
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0;
}

function journalFrame(frame: Fields): void {
  if (count(frame, 'seq') === 0) throw new FrameError('seq', '1 or more');
  identifier(frame, 'id');
  text(frame, 'at', 40);
  if (frame.type === 'event') checkUpdate(frame.event);
  else if (frame.type === 'begin') {
    text(frame, 'digest', 200);
    text(frame, 'text');
  } else if (frame.type === 'end') checkResult(frame);
  else throw new FrameError('type', 'begin, event or end');
}

function hello(frame: Fields): asserts frame is Fields & AgentHello {
  count(frame, 'protocol');
  text(frame, 'agentVersion', 100);
  if (!JOURNAL_ID.test(text(frame, 'journalId', 40))) throw new FrameError('journalId', '12 letters and digits');
  count(frame, 'lastSeq');
  count(frame, 'ackedSeq');
  text(frame, 'program', 200);
  optionalText(frame, 'programVersion', 200);
  optionalCount(frame, 'pid');
  running(frame);
  flag(frame, 'configured');
  if (frame.busy !== undefined) {
    const busy = fields(frame.busy, 'busy');
    text(busy, 'host', 200, 'busy.');
    text(busy, 'since', 40, 'busy.');
  }
}

function running(frame: Fields): void {
  optionalText(frame, 'running', maxIdLength);
  optionalText(frame, 'runningSince', 40);
}
