import { InstanceError } from '@ccb/instance-interface';

/** One wait for the engine and its limits. */
export interface Limits {
  /** `inspect the container x`, for the message. */
  readonly doing: string;
  readonly address: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Aborts when the engine is let go. */
  readonly closed: AbortSignal;
}

// A timer that is set to more fires at once.
const LONGEST_MS = 2 ** 31 - 1;

/** Passes a signal on to `work` *and* races it: a client may never settle when the engine dies in the middle of an answer. */
export function withDeadline<T>(limits: Limits, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { signal, closed } = limits;
  return new Promise<T>((resolve, reject) => {
    if (closed.aborted) return reject(closed.reason);
    if (signal?.aborted) return reject(signal.reason);
    const controller = new AbortController();
    const giveUp = (reason: unknown): void => {
      release();
      reject(reason);
      controller.abort(reason);
    };
    const onAbort = (): void => giveUp(signal?.reason);
    const onClose = (): void => giveUp(closed.reason);
    const timer = setTimeout(() => giveUp(tooLate(limits)), Math.min(limits.timeoutMs, LONGEST_MS));
    signal?.addEventListener('abort', onAbort, { once: true });
    closed.addEventListener('abort', onClose, { once: true });
    const release = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      closed.removeEventListener('abort', onClose);
    };
    work(controller.signal).then(
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

function tooLate({ doing, address, timeoutMs }: Limits): InstanceError {
  const message = `The engine at ${address} did not ${doing} within ${timeoutMs} ms. See whether \`docker ps\` answers; timeoutMs gives it more time.`;
  return new InstanceError('CCB_TIMEOUT', message, { retryable: true });
}
