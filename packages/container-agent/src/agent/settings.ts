import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StallOptions } from '@ccb/instance-interface';
import {
  count,
  type Fields,
  FrameError,
  fields,
  identifier,
  optionalCount,
  optionalText,
  text,
} from '../protocol/check.ts';
import { maxSocketBytes } from './socket-address.ts';
import { parseStall } from './stall-options.ts';

/** The longest that a timer of the system takes, in ms. */
const LONGEST_MS = 2 ** 31 - 1;

/** What a host writes down for an agent that it starts. Holds names of secrets, never values. */
export interface AgentSettings {
  readonly version: 1;
  readonly name: string;
  /** In the environment of everything that the program starts, so that strays are found. */
  readonly instanceId: string;
  /** Path of the pipes without `.in.fifo`, `.out.fifo` and `.ctl.fifo`. The FIFOs exist. Required where there is no `socket`. */
  readonly pipes?: string | undefined;
  /**
   * A Unix socket for relays (`agent.cjs --relay`): an absolute path, which the agent makes (mode 0600) and removes, or
   * `@name`, which has no file and which everybody in the network namespace may connect to. At most 107 bytes.
   */
  readonly socket?: string | undefined;
  /** Journal, agent.lock, program.json and the program's private files. */
  readonly state: string;
  readonly program: string;
  readonly programArgs: readonly string[];
  readonly workspace: string;
  /** The program's environment, but for the secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** Names that `configure` must bring before the program starts. */
  readonly secrets: readonly string[];
  /** The agent ends, with all that it started, when its host is gone. */
  readonly ephemeral?:
    | {
        /** When this lock is free the agent ends. */
        readonly lock: string;
        /** Removed at the end. */
        readonly directory: string;
      }
    | {
        /**
         * Where no lock of the host's can be seen: ms without a connected holder (observers do not count) after which the
         * agent ends, whatever runs. From its start until the first holder came it waits for 60 000 ms at least. A holder
         * counts as connected until its channel is down, however silent it is. What is left on disk is the host's to remove.
         */
        readonly hostGoneMs: number;
      }
    | undefined;
  readonly journal?:
    | {
        readonly segmentBytes?: number | undefined;
        readonly retainBytes?: number | undefined;
        readonly maxLagBytes?: number | undefined;
      }
    | undefined;
  /** What is done about a command of which nothing is heard. */
  readonly stall?: StallOptions | undefined;
  /** ms of silence after which a host counts as gone when another one asks. */
  readonly hostSilenceMs?: number | undefined;
  /** Absolute path of the agent's log, for an agent whose stderr nobody keeps. Default: stderr. */
  readonly log?: string | undefined;
  /** How the agent before this one ended, where the host knows it; stands in the message of commands that died with it. */
  readonly previousEnd?: string | undefined;
  /** Another one for each writing of these settings: `previousEnd` holds for the first agent alone that reads them. */
  readonly launch?: string | undefined;
}

/** @throws {Error} that names the file and the field */
export function readSettings(path: string): AgentSettings {
  try {
    return parseSettings(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `The agent's settings ${path} cannot be used: ${reason}. A host writes them; start the instance again.`,
      { cause },
    );
  }
}

export function parseSettings(value: unknown): AgentSettings {
  const settings = fields(value, 'settings');
  if (settings.version !== 1) throw new FrameError('version', '1');
  identifier(settings, 'name');
  if (!/^[a-zA-Z0-9-]{8,64}$/.test(text(settings, 'instanceId')))
    throw new FrameError('instanceId', 'letters, digits and -');
  for (const key of ['state', 'workspace']) absolute(settings, key);
  for (const key of ['pipes', 'log']) if (settings[key] !== undefined) absolute(settings, key);
  if (settings.socket !== undefined) checkSocket(settings);
  else if (settings.pipes === undefined) throw new FrameError('pipes', 'given where there is no socket');
  text(settings, 'program', 200);
  texts(settings, 'programArgs');
  texts(settings, 'secrets');
  for (const [name, entry] of Object.entries(fields(settings.env, 'env'))) {
    if (typeof entry !== 'string' || entry.includes('\0')) throw new FrameError(`env.${name}`, 'a string without NUL');
  }
  if (settings.ephemeral !== undefined) checkEphemeral(settings);
  if (settings.journal !== undefined) {
    const journal = fields(settings.journal, 'journal');
    for (const key of ['segmentBytes', 'retainBytes', 'maxLagBytes']) optionalCount(journal, key);
  }
  if (settings.stall !== undefined) parseStall(settings.stall, (field, expected) => new FrameError(field, expected));
  optionalCount(settings, 'hostSilenceMs');
  optionalText(settings, 'previousEnd', 1_000);
  optionalText(settings, 'launch', 100);
  return settings as unknown as AgentSettings;
}

function checkEphemeral(settings: Fields): void {
  const ephemeral = fields(settings.ephemeral, 'ephemeral');
  if (ephemeral.hostGoneMs !== undefined) {
    if (count(ephemeral, 'hostGoneMs', 'ephemeral.') > LONGEST_MS) {
      throw new FrameError('ephemeral.hostGoneMs', `at most ${LONGEST_MS}`);
    }
    for (const key of ['lock', 'directory']) {
      if (ephemeral[key] !== undefined) throw new FrameError(`ephemeral.${key}`, 'absent beside hostGoneMs');
    }
    return;
  }
  absolute(ephemeral, 'lock');
  absolute(ephemeral, 'directory');
  // It is removed with all that is in it.
  if (ephemeral.directory !== dirname(settings.state as string)) {
    throw new FrameError('ephemeral.directory', 'the directory that state is in');
  }
}

function checkSocket(settings: Fields): void {
  const socket = text(settings, 'socket', maxSocketBytes);
  const name = socket.slice(1);
  const fits = Buffer.byteLength(socket) <= maxSocketBytes && name !== '' && !name.includes('\0');
  if (!fits || !/^[/@]/.test(socket)) {
    throw new FrameError('socket', `an absolute path or @name of at most ${maxSocketBytes} bytes`);
  }
}

function absolute(value: Fields, key: string): void {
  if (!text(value, key, 4096).startsWith('/')) throw new FrameError(key, 'an absolute path');
}

function texts(value: Fields, key: string): void {
  const list = value[key];
  if (!Array.isArray(list) || !list.every((entry) => typeof entry === 'string' && !entry.includes('\0')))
    throw new FrameError(key, 'a list of strings without NUL');
}
