import type { Capabilities } from '../state.ts';

/** What a backend did not name it cannot do. */
export function capabilitiesOf(said: Partial<Capabilities>): Capabilities {
  return Object.freeze({
    interrupt: said.interrupt ?? false,
    permissions: said.permissions ?? false,
    exitCode: said.exitCode ?? false,
    exactOutput: said.exactOutput ?? false,
    resume: said.resume ?? false,
    history: said.history ?? false,
    detach: said.detach ?? false,
  });
}
