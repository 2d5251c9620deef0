import { InstanceError } from '../../error.ts';
import type { Deadlines } from './deadlines.ts';

/** One wait and its limits. */
export interface Wait {
  readonly deadlines: Deadlines;
  readonly instance: string;
  /** The call, for the message: `start`. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Passes a signal on to `work` *and* races it: ends by the deadline with CCB_TIMEOUT, or by the caller's signal with its
 * reason, whatever `work` does.
 */
export function bounded<T>(wait: Wait, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  if (wait.signal?.aborted) return Promise.reject(wait.signal.reason);
  return new Promise<T>((resolve, reject) => {
    const controller = new AbortController();
    const giveUp = (reason: unknown): void => {
      release();
      reject(reason);
      controller.abort(reason);
    };
    const onAbort = (): void => giveUp(wait.signal?.reason);
    const deadline = wait.deadlines.add(wait.timeoutMs, () => giveUp(tooLate(wait)), true);
    wait.signal?.addEventListener('abort', onAbort, { once: true });
    const release = (): void => {
      wait.deadlines.remove(deadline);
      wait.signal?.removeEventListener('abort', onAbort);
    };
    attempt(() => work(controller.signal)).then(
      (value) => {
        release();
        resolve(value);
      },
      (error: unknown) => {
        release();
        reject(error);
      },
    );
  });
}

/** Calls a backend's method: what it throws synchronously is a rejection too. */
export async function attempt<T>(work: () => Promise<T>): Promise<T> {
  return work();
}

/** The promise, or the signal's reason as soon as it aborts. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    const release = (): void => signal.removeEventListener('abort', onAbort);
    promise.then(resolve, reject).finally(release);
  });
}

/** Work that begins when it is told to, so that its promise can be shared before anybody can see it begin. */
export function prepare(work: () => Promise<void>): { readonly promise: Promise<void>; begin(): void } {
  let begin: () => void = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    begin = () => void attempt(work).then(resolve, reject);
  });
  promise.catch(() => {});
  return { promise, begin };
}

/** When it is over, either way. */
export function settled(promise: Promise<unknown>): Promise<void> {
  return promise.then(
    () => {},
    () => {},
  );
}

function tooLate({ instance, what, timeoutMs }: Wait): InstanceError {
  const message = `${instance}: ${what} did not end within ${timeoutMs} ms. getInfo() says what is wrong; timeoutMs gives it more time.`;
  return new InstanceError('CCB_TIMEOUT', message, { retryable: true, instance });
}
