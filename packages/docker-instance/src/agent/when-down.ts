import { InstanceError } from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import type { ContainerInspection, Engine } from '../engine/engine.ts';

/** Resolves with what the engine knows of it (undefined: it was removed) when the container does not run any more. */
export function whenDown(engine: Engine, container: string, call: Call): Promise<ContainerInspection | undefined> {
  return whenNot(engine, container, ({ state }) => state.running, call);
}

/** Resolves when the engine has no such container any more. */
export async function whenRemoved(engine: Engine, container: string, call: Call): Promise<void> {
  await whenNot(engine, container, () => true, call);
}

async function whenNot(
  engine: Engine,
  container: string,
  isThere: (found: ContainerInspection) => boolean,
  { signal }: Call,
): Promise<ContainerInspection | undefined> {
  const look = async (): Promise<{ readonly down: boolean; readonly found: ContainerInspection | undefined }> => {
    try {
      const found = await engine.inspectContainer(container, { signal });
      return { down: !isThere(found), found };
    } catch (error) {
      if (InstanceError.is(error, 'CCB_NOT_FOUND')) return { down: true, found: undefined };
      throw error;
    }
  };
  let unwatch = (): void => {};
  let aborted = (): void => {};
  try {
    const ended = new Promise<void>((resolve, reject) => {
      aborted = () => reject(signal.reason);
      signal.addEventListener('abort', aborted);
      unwatch = engine.watch(container, ({ action, inspection }) => {
        const back = action === 'back' && (inspection === undefined || !isThere(inspection));
        if (back || action === 'destroy') resolve();
        else if (action === 'die') void look().then(({ down }) => (down ? resolve() : undefined), reject);
      });
    });
    ended.catch(() => {});
    // It may have ended before anybody watched.
    const before = await look();
    if (before.down) return before.found;
    await ended;
    return (await look()).found;
  } finally {
    unwatch();
    signal.removeEventListener('abort', aborted);
  }
}
