import {
  count,
  type Fields,
  FrameError,
  fields,
  identifier,
  oneOf,
  optionalCount,
  optionalText,
  text,
} from './check.ts';
import type { CommandFrame, HostFrame } from './frames.ts';
import { DECIDERS, POLICIES, permissionAnswer } from './permission.ts';

const REASONS = ['cancelled', 'timeout'] as const;

/** What the agent accepts from a host. @throws {FrameError} naming the field */
export function parseHostFrame(value: unknown): HostFrame {
  const frame = fields(value, 'frame');
  switch (frame.type) {
    case 'command':
      return command(frame);
    case 'ack':
      return { type: 'ack', seq: count(frame, 'seq') };
    case 'ping':
      return { type: 'ping', n: count(frame, 'n'), ack: optionalCount(frame, 'ack') };
    case 'pause':
    case 'proceed':
      return { type: frame.type };
    case 'hello':
      return { type: 'hello', protocol: range(frame), host: identifier(frame, 'host') };
    case 'configure':
      return { type: 'configure', secrets: secrets(frame) };
    case 'cancel':
      return { type: 'cancel', id: identifier(frame, 'id'), reason: oneOf(frame, 'reason', REASONS) };
    case 'permission':
      return {
        type: 'permission',
        id: identifier(frame, 'id'),
        requestId: text(frame, 'requestId', 200),
        answer: permissionAnswer(frame),
        by: oneOf(frame, 'by', DECIDERS),
      };
    case 'interrupt':
      return { type: 'interrupt', ref: count(frame, 'ref') };
    case 'resume':
      return {
        type: 'resume',
        ref: count(frame, 'ref'),
        id: frame.id === undefined ? undefined : identifier(frame, 'id'),
        after: optionalText(frame, 'after', 100),
      };
    case 'shutdown':
      return { type: 'shutdown', graceMs: count(frame, 'graceMs') };
    default:
      throw new FrameError('type', 'a frame type that this version knows');
  }
}

function command(frame: Fields): CommandFrame {
  return {
    type: 'command',
    id: identifier(frame, 'id'),
    text: text(frame, 'text'),
    stderr: frame.stderr === undefined ? undefined : oneOf(frame, 'stderr', ['separate', 'merge']),
    timeoutMs: optionalCount(frame, 'timeoutMs'),
    permission: frame.permission === undefined ? undefined : oneOf(frame, 'permission', POLICIES),
    ack: optionalCount(frame, 'ack'),
    after: optionalText(frame, 'after', 100),
  };
}

function range(frame: Fields): readonly [number, number] {
  const value = frame.protocol;
  if (!Array.isArray(value) || value.length !== 2 || !value.every((part) => Number.isSafeInteger(part))) {
    throw new FrameError('protocol', 'two whole numbers: oldest and newest version');
  }
  return [value[0] as number, value[1] as number];
}

function secrets(frame: Fields): Readonly<Record<string, string>> {
  const named = fields(frame.secrets, 'secrets');
  for (const [name, value] of Object.entries(named)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new FrameError('secrets', 'named like environment variables');
    // The value stays out of the message: it is a secret.
    if (typeof value !== 'string' || value.includes('\0'))
      throw new FrameError(`secrets.${name}`, 'a string without NUL');
  }
  return named as Record<string, string>;
}
