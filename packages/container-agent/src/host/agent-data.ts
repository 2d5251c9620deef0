import { isAbsolute, normalize } from 'node:path';
import { InstanceError, type InstanceRecord, type Login, type StallOptions } from '@ccb/instance-interface';
import { parseStall } from '../agent/stall-options.ts';

/** What a variable of the environment may be called. */
export const variablePattern: RegExp = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What the `data` of a record holds for every backend with an agent. */
export interface AgentData {
  /** The instance's own directory, absolute. */
  readonly directory: string;
  /** Stands in the environment of everything that the program starts. */
  readonly instanceId: string;
  readonly programArgs: readonly string[];
  /** Names of the variables in `env`; their values are never written down. */
  readonly secrets: readonly string[];
  /** Whose login the program uses. */
  readonly login: Login;
  /** Gone with its holder. */
  readonly ephemeral: boolean;
  /** What is done about a command of which nothing is heard. Absent: the defaults. */
  readonly stall?: StallOptions | undefined;
}

/** The fields of `AgentData` and no others; a backend reads its own beside them. @throws {InstanceError} CCB_RECORD_INVALID naming the field */
export function parseAgentData(record: InstanceRecord, type: string): AgentData {
  const invalid = (field: string, expected: string): InstanceError => invalidData(record, type, field, expected);
  if (record.type !== type)
    throw new InstanceError('CCB_RECORD_INVALID', `${record.name} is of type ${record.type}, not ${type}`, {
      instance: record.name,
    });
  const data = (record.data ?? {}) as { readonly [K in keyof AgentData]?: unknown };
  const { directory, instanceId, programArgs, secrets, login = 'instance', ephemeral } = data;
  if (typeof directory !== 'string' || !isAbsolute(directory) || normalize(directory) !== directory)
    throw invalid('directory', 'an absolute path without . and ..');
  if (typeof instanceId !== 'string' || !/^[a-zA-Z0-9-]{8,64}$/.test(instanceId))
    throw invalid('instanceId', '8 to 64 letters, digits or -');
  if (!isTexts(programArgs)) throw invalid('programArgs', 'a list of strings');
  if (!isTexts(secrets) || !secrets.every((name) => variablePattern.test(name)))
    throw invalid('secrets', 'a list of names of variables');
  if (login !== 'instance' && login !== 'person') throw invalid('login', "'instance' or 'person'");
  if (typeof ephemeral !== 'boolean') throw invalid('ephemeral', 'true or false');
  const stall = data.stall === undefined ? undefined : parseStall(data.stall, invalid);
  return { directory, instanceId, programArgs, secrets, login, ephemeral, ...(stall && { stall }) };
}

/** CCB_RECORD_INVALID for a field of `data`. @param expected what it must be */
export function invalidData(record: InstanceRecord, type: string, field: string, expected: string): InstanceError {
  const message = `${record.name}: data.${field} must be ${expected}; the record is not one that the ${type} backend wrote`;
  return new InstanceError('CCB_RECORD_INVALID', message, { instance: record.name });
}

/** Without its name in the record a value would never reach the program. @throws {TypeError} naming what the record does not have */
export function assertNamed(name: string, secrets: readonly string[], env: Readonly<Record<string, string>>): void {
  const unknown = Object.keys(env).filter((variable) => !secrets.includes(variable));
  if (unknown.length === 0) return;
  const known = secrets.length === 0 ? 'no variables' : secrets.join(', ');
  throw new TypeError(
    `${name}: it was created with ${known}, and not with ${unknown.join(', ')}. Leave it out, or create another instance.`,
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
