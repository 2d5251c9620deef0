import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { driverNames, parseStall } from '@ccb/container-agent';
import { assertInstanceName, InstanceError, type InstanceSpec } from '@ccb/instance-interface';
import { variablePattern } from './process-data.ts';

export interface ProcessSpec extends InstanceSpec {
  readonly type: 'process';
  /** The instance's own directory, absolute; it must not exist. Default `<home>/instances/<name>`. */
  readonly directory?: string | undefined;
}

const KNOWN = new Set([
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
  'directory',
  'login',
]);

/** Unknown JSON in, a spec out. @throws {TypeError} with the path of the field @throws {InstanceError} CCB_PROGRAM_NOT_FOUND */
export function parseProcessSpec(value: unknown): ProcessSpec {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('process: the spec must be an object');
  const spec = value as { readonly [K in keyof ProcessSpec]?: unknown };
  for (const key of Object.keys(spec)) {
    if (!KNOWN.has(key))
      throw new TypeError(`process: ${key} is no option of this backend; it has ${[...KNOWN].join(', ')}`);
  }
  if (spec.type !== undefined && spec.type !== 'process')
    throw new TypeError(`process: type must be 'process', not ${JSON.stringify(spec.type)}`);
  assertInstanceName(spec.name as string);
  const program = spec.program ?? 'shell';
  if (typeof program !== 'string') throw new TypeError('process: program must be a string');
  if (!driverNames.includes(program)) {
    throw new InstanceError(
      'CCB_PROGRAM_NOT_FOUND',
      `There is no program ${JSON.stringify(program)}. This version drives ${driverNames.join(', ')}.`,
    );
  }
  if (spec.programArgs !== undefined && !isTexts(spec.programArgs))
    throw new TypeError('process: programArgs must be a list of strings without NUL');
  checkEnv(spec.env);
  if (spec.directory !== undefined && (typeof spec.directory !== 'string' || !isAbsolute(spec.directory))) {
    throw new TypeError('process: directory must be an absolute path');
  }
  checkWorkspace(spec.workspace);
  if (spec.login !== undefined && spec.login !== 'instance' && spec.login !== 'person')
    throw new TypeError("process: login must be 'instance' or 'person'");
  if (spec.ephemeral !== undefined && typeof spec.ephemeral !== 'boolean')
    throw new TypeError('process: ephemeral must be true or false');
  if (spec.stall !== undefined)
    parseStall(spec.stall, (field, expected) => new TypeError(`process: ${field} must be ${expected}`));
  return { ...(spec as ProcessSpec), type: 'process', program };
}

function checkEnv(env: unknown): void {
  if (env === undefined) return;
  if (typeof env !== 'object' || env === null || Array.isArray(env))
    throw new TypeError('process: env must be an object of strings');
  for (const [name, value] of Object.entries(env)) {
    if (!variablePattern.test(name)) throw new TypeError(`process: env.${name} is no name of a variable`);
    // The value may be a secret: it stays out of the message.
    if (typeof value !== 'string' || value.includes('\0'))
      throw new TypeError(`process: env.${name} must be a string without NUL`);
  }
}

function checkWorkspace(workspace: unknown): void {
  if (workspace === undefined) return;
  if (typeof workspace !== 'string' || !isAbsolute(workspace))
    throw new TypeError('process: workspace must be an absolute path');
  if (statSync(workspace, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new TypeError(`process: workspace ${workspace} is no directory; make it, or name another`);
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string' && !entry.includes('\0'));
}
