import { resolve } from 'node:path';
import { defaultHome } from '@ccb/container-agent';
import type { Backend, Check, CreateOptions, Discovered } from '@ccb/instance-interface';
import { checkProcesses } from './check.ts';
import { createProcess } from './create.ts';
import { discoverProcesses, sweepEphemeral } from './discover.ts';
import { ProcessInstance } from './process-instance.ts';
import { type ProcessSpec, parseProcessSpec } from './process-spec.ts';

export interface ProcessBackendOptions {
  /** Where instances are kept. Default `$CCB_HOME`, else `$XDG_STATE_HOME/ccb`, else `~/.local/state/ccb`. */
  readonly home?: string | undefined;
}

/** Agents as local processes. */
export function processBackend(options: ProcessBackendOptions = {}): Backend<ProcessSpec, ProcessInstance> & {
  discover(): Promise<readonly Discovered[]>;
  check(): Promise<readonly Check[]>;
} {
  const home = resolve(options.home ?? defaultHome());
  return {
    type: 'process',
    parseSpec: parseProcessSpec,
    async create(spec: ProcessSpec, create?: CreateOptions): Promise<ProcessInstance> {
      if (spec.ephemeral) await sweepEphemeral(home);
      return await createProcess(spec, create, home);
    },
    open: (record, open) => ProcessInstance.open(record, open),
    discover: () => discoverProcesses(home),
    check: async () => checkProcesses(home),
  };
}
