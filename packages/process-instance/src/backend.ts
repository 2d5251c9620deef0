import { resolve } from 'node:path';
import { defaultHome, moveDirectory } from '@ccb/container-agent';
import type { Backend, CreateOptions } from '@ccb/instance-interface';
import { checkProcesses } from './check.ts';
import { createProcess } from './create.ts';
import { discoverProcesses } from './discover.ts';
import { processStates } from './live-states.ts';
import { asProcessRecord } from './process-data.ts';
import { ProcessInstance } from './process-instance.ts';
import { type ProcessSpec, parseProcessSpec } from './process-spec.ts';
import { pruneProcesses } from './prune.ts';

export interface ProcessBackendOptions {
  /** Where instances are kept. Default `$CCB_HOME`, else `$XDG_STATE_HOME/ccb`, else `~/.local/state/ccb`. */
  readonly home?: string | undefined;
}

type Base = Backend<ProcessSpec, ProcessInstance>;
export type ProcessBackend = Base & Required<Pick<Base, 'discover' | 'check' | 'states' | 'prune' | 'rename'>>;

/** Agents as local processes. */
export function processBackend(options: ProcessBackendOptions = {}): ProcessBackend {
  const home = resolve(options.home ?? defaultHome());
  return {
    type: 'process',
    parseSpec: parseProcessSpec,
    async create(spec: ProcessSpec, create?: CreateOptions): Promise<ProcessInstance> {
      if (spec.ephemeral) await pruneProcesses(home);
      return await createProcess(spec, create, home);
    },
    open: (record, open) => ProcessInstance.open(record, open),
    discover: () => discoverProcesses(home),
    check: async () => checkProcesses(home),
    states: processStates,
    prune: (prune) => pruneProcesses(home, prune),
    rename: (record, name, call) => moveDirectory(asProcessRecord(record), name, call),
  };
}
