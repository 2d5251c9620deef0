import type { InstanceInterface, InstanceState } from '@ccb/instance-interface';

/** Resolves when the instance is in this state; at once when it is. */
export function whenState(instance: InstanceInterface, state: InstanceState, signal: AbortSignal): Promise<void> {
  if (instance.state === state) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason);
    const unsubscribe = instance.onStateChange(({ to }) => {
      if (to !== state) return;
      unsubscribe();
      signal.removeEventListener('abort', aborted);
      resolve();
    });
    signal.addEventListener('abort', aborted, { once: true });
  });
}
