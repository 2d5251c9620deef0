import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { assertInstanceName, InstanceError, type InstanceSpec } from '@ccb/instance-interface';
import { parseStall } from '../agent/stall-options.ts';
import { driverNames } from '../drivers/names.ts';
import { variablePattern } from './agent-data.ts';

/** What every specification has. */
const COMMON: readonly (keyof InstanceSpec)[] = [
  'type',
  'name',
  'program',
  'programArgs',
  'workspace',
  'env',
  'permission',
  'maxQueue',
  'ephemeral',
  'stall',
  'log',
  'login',
];

export interface AgentSpecOptions {
  /** `'elsewhere'`: the workspace is a directory of another machine, and only its form is looked at. Default `'here'`. */
  readonly workspace?: 'here' | 'elsewhere' | undefined;
}

/**
 * Unknown JSON in, out what is the same for every backend with an agent, checked; `program` is `'shell'` unless it says
 * otherwise. Keys in `own` are let through for the backend to check.
 * @throws {TypeError} with the path of the field @throws {InstanceError} CCB_PROGRAM_NOT_FOUND
 */
export function parseAgentSpec<S extends InstanceSpec>(
  type: S['type'],
  value: unknown,
  own: readonly string[],
  options: AgentSpecOptions = {},
): S & { readonly program: string } {
  const bad = (field: string, expected: string): TypeError => new TypeError(`${type}: ${field} must be ${expected}`);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad('the spec', 'an object');
  const spec = value as { readonly [K in keyof InstanceSpec]?: unknown };
  const known: readonly string[] = [...COMMON, ...own];
  for (const key of Object.keys(spec)) {
    if (!known.includes(key))
      throw new TypeError(`${type}: ${key} is no option of this backend; it has ${known.join(', ')}`);
  }
  if (spec.type !== undefined && spec.type !== type) throw bad('type', `'${type}', not ${JSON.stringify(spec.type)}`);
  assertInstanceName(spec.name as string);
  const { program = 'shell', programArgs, login, ephemeral, stall } = spec;
  if (typeof program !== 'string') throw bad('program', 'a string');
  if (!driverNames.includes(program)) {
    throw new InstanceError(
      'CCB_PROGRAM_NOT_FOUND',
      `There is no program ${JSON.stringify(program)}. This version drives ${driverNames.join(', ')}.`,
    );
  }
  if (programArgs !== undefined && !isTexts(programArgs)) throw bad('programArgs', 'a list of strings without NUL');
  checkEnv(type, spec.env, bad);
  checkWorkspace(type, spec.workspace, options.workspace ?? 'here', bad);
  if (login !== undefined && login !== 'instance' && login !== 'person') throw bad('login', "'instance' or 'person'");
  if (ephemeral !== undefined && typeof ephemeral !== 'boolean') throw bad('ephemeral', 'true or false');
  if (stall !== undefined) parseStall(stall, bad);
  return { ...(spec as S), type, program };
}

type Bad = (field: string, expected: string) => TypeError;

function checkEnv(type: string, env: unknown, bad: Bad): void {
  if (env === undefined) return;
  if (typeof env !== 'object' || env === null || Array.isArray(env)) throw bad('env', 'an object of strings');
  for (const [name, value] of Object.entries(env)) {
    if (!variablePattern.test(name)) throw new TypeError(`${type}: env.${name} is no name of a variable`);
    // The value may be a secret: it stays out of the message.
    if (typeof value !== 'string' || value.includes('\0')) throw bad(`env.${name}`, 'a string without NUL');
  }
}

function checkWorkspace(type: string, workspace: unknown, place: 'here' | 'elsewhere', bad: Bad): void {
  if (workspace === undefined) return;
  if (typeof workspace !== 'string' || !isAbsolute(workspace)) throw bad('workspace', 'an absolute path');
  if (place === 'elsewhere') return;
  if (statSync(workspace, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new TypeError(`${type}: workspace ${workspace} is no directory; make it, or name another`);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string' && !entry.includes('\0'));
}
