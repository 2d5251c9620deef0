import { isAbsolute, normalize } from 'node:path';
import { parseStall } from '@ccb/container-agent';
import { InstanceError, type InstanceRecord, type Login, type StallOptions } from '@ccb/instance-interface';

/** What a variable of the environment may be called. */
export const variablePattern: RegExp = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What a record of type `process` holds in `data`. */
export interface ProcessData {
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

export type ProcessRecord = InstanceRecord<'process', ProcessData>;

/** @throws {InstanceError} CCB_RECORD_INVALID naming the field */
export function processData(record: InstanceRecord): ProcessData {
  const invalid = (field: string, expected: string): InstanceError =>
    new InstanceError(
      'CCB_RECORD_INVALID',
      `${record.name}: data.${field} must be ${expected}; the record is not one that the process backend wrote`,
      { instance: record.name },
    );
  if (record.type !== 'process')
    throw new InstanceError('CCB_RECORD_INVALID', `${record.name} is of type ${record.type}, not process`, {
      instance: record.name,
    });
  const data = (record.data ?? {}) as { readonly [K in keyof ProcessData]?: unknown };
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

/** @throws {InstanceError} CCB_RECORD_INVALID naming the field */
export function asProcessRecord(record: InstanceRecord): ProcessRecord {
  return { ...record, type: 'process', data: processData(record) };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
