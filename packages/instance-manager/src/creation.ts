import type { Backend, CreateOptions, InstanceInterface, InstanceSpec } from '@ccb/instance-interface';
import { InstanceError } from '@ccb/instance-interface';
import { hasOwnDirectory, placeOf, recordOf } from './instance-place.ts';
import { KeptHold } from './kept-hold.ts';

/** @throws {InstanceError} CCB_NAME_TAKEN telling what has it */
export async function createInstance(
  home: string,
  backend: Backend,
  spec: InstanceSpec,
  options: CreateOptions,
): Promise<InstanceInterface> {
  const hold = new KeptHold(placeOf(home, spec.name));
  const { signal, timeoutMs, holder } = options;
  const claim = { signal, timeoutMs, holder };
  try {
    const instance = await backend.create(spec, {
      ...options,
      async onRecord(record) {
        if (!hasOwnDirectory(home, record)) await hold.claim(record, claim);
        await options.onRecord?.(record);
      },
    });
    if (!hasOwnDirectory(home, instance.record)) {
      try {
        await hold.claim(instance.record, claim);
      } catch (error) {
        await instance.cleanup({ remove: true });
        throw error;
      }
      hold.lendTo(instance);
    }
    return instance;
  } catch (error) {
    await hold.discard();
    throw InstanceError.is(error, 'CCB_NAME_TAKEN') ? takenError(home, spec.name, error) : error;
  }
}

function takenError(home: string, name: string, cause: InstanceError): InstanceError {
  let owner: string;
  try {
    const { type, program, createdAt } = recordOf(home, name);
    owner = `${type}, ${program}, made at ${createdAt}`;
  } catch {
    // Not an instance's, but a container's or a session's.
    return cause;
  }
  const message = `There is an instance "${name}" already (${owner}). Open that one, remove it, or choose another name.`;
  return new InstanceError('CCB_NAME_TAKEN', message, { cause, instance: name });
}
