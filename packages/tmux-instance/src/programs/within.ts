import { anySignal } from '@ccb/instance-interface/abstract';

/** Resolves with the work, after so many ms, or when the signal aborts. */
export async function within(work: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const limit = anySignal(signal, AbortSignal.timeout(ms));
  let leave = (): void => {};
  const late = new Promise<void>((resolve) => {
    leave = resolve;
  });
  limit.addEventListener('abort', leave, { once: true });
  await Promise.race([work, late]);
  limit.removeEventListener('abort', leave);
}
