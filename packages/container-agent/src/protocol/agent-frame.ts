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
import type { AgentFrame, AgentHello, JournalFrame } from './frames.ts';
import { checkPermissionRequest } from './permission.ts';

const HEALTH = ['running', 'idle', 'stopped', 'dead'] as const;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

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
  return frame as unknown as AgentFrame;
}

// The object itself is handed on: no copy on the hot path.
function journalFrame(frame: Fields): JournalFrame {
  if (count(frame, 'seq') === 0) throw new FrameError('seq', '1 or more');
  identifier(frame, 'id');
  text(frame, 'at', 40);
  if (frame.type === 'event') checkUpdate(frame.event);
  else if (frame.type === 'begin') {
    text(frame, 'digest', 200);
    text(frame, 'text');
  } else if (frame.type === 'end') checkResult(frame);
  else throw new FrameError('type', 'begin, event or end');
  return frame as unknown as JournalFrame;
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
