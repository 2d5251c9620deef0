import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StallOptions } from '@ccb/instance-interface';
import { type Fields, FrameError, fields, identifier, optionalCount, text } from '../protocol/check.ts';
import { parseStall } from './stall-options.ts';

/** What a host writes down for an agent that it starts. Holds names of secrets, never values. */
export interface AgentSettings {
  readonly version: 1;
  readonly name: string;
  /** In the environment of everything that the program starts, so that strays are found. */
  readonly instanceId: string;
  /** Path of the pipes without `.in.fifo`, `.out.fifo` and `.ctl.fifo`. The FIFOs exist. */
  readonly pipes: string;
  /** Journal, agent.lock, program.json and the program's private files. */
  readonly state: string;
  readonly program: string;
  readonly programArgs: readonly string[];
  readonly workspace: string;
  /** The program's environment, but for the secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** Names that `configure` must bring before the program starts. */
  readonly secrets: readonly string[];
  readonly ephemeral?:
    | {
        /** When this lock is free the agent ends. */ readonly lock: string /** Removed at the end. */;
        readonly directory: string;
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
  for (const key of ['pipes', 'state', 'workspace']) absolute(settings, key);
  text(settings, 'program', 200);
  texts(settings, 'programArgs');
  texts(settings, 'secrets');
  for (const [name, entry] of Object.entries(fields(settings.env, 'env'))) {
    if (typeof entry !== 'string' || entry.includes('\0')) throw new FrameError(`env.${name}`, 'a string without NUL');
  }
  if (settings.ephemeral !== undefined) {
    const ephemeral = fields(settings.ephemeral, 'ephemeral');
    absolute(ephemeral, 'lock');
    absolute(ephemeral, 'directory');
    // It is removed with all that is in it.
    if (ephemeral.directory !== dirname(settings.state as string)) {
      throw new FrameError('ephemeral.directory', 'the directory that state is in');
    }
  }
  if (settings.journal !== undefined) {
    const journal = fields(settings.journal, 'journal');
    for (const key of ['segmentBytes', 'retainBytes', 'maxLagBytes']) optionalCount(journal, key);
  }
  if (settings.stall !== undefined) parseStall(settings.stall, (field, expected) => new FrameError(field, expected));
  optionalCount(settings, 'hostSilenceMs');
  return settings as unknown as AgentSettings;
}

function absolute(value: Fields, key: string): void {
  if (!text(value, key, 4096).startsWith('/')) throw new FrameError(key, 'an absolute path');
}

function texts(value: Fields, key: string): void {
  const list = value[key];
  if (!Array.isArray(list) || !list.every((entry) => typeof entry === 'string' && !entry.includes('\0')))
    throw new FrameError(key, 'a list of strings without NUL');
}
