import { createRegistry, type Registry } from '@ccb/instance-interface';
import { defaultHome, processBackend, programNames } from '@ccb/process-instance';

/** What this build of ccb can start. The one place that chooses. */
export interface Backends {
  /** Where instances live. Absolute. */
  readonly home: string;
  readonly registry: Registry;
  /** Programs that can be driven. */
  readonly programs: readonly string[];
}

export function loadBackends(home: string = defaultHome(process.env)): Backends {
  return { home, registry: createRegistry([processBackend({ home })]), programs: programNames };
}
