import { isAbsolute } from 'node:path';
import { parseAgentSpec } from '@ccb/container-agent';
import type { InstanceSpec } from '@ccb/instance-interface';

export interface ProcessSpec extends InstanceSpec {
  readonly type: 'process';
  /** The instance's own directory, absolute; it must not exist. Default `<home>/instances/<name>`. */
  readonly directory?: string | undefined;
}

/** Unknown JSON in, a spec out. @throws {TypeError} with the path of the field @throws {InstanceError} CCB_PROGRAM_NOT_FOUND */
export function parseProcessSpec(value: unknown): ProcessSpec {
  const spec = parseAgentSpec<ProcessSpec>('process', value, ['directory']);
  const directory: unknown = spec.directory;
  if (directory !== undefined && (typeof directory !== 'string' || !isAbsolute(directory)))
    throw new TypeError('process: directory must be an absolute path');
  return spec;
}
