/** `signal` rejects with its reason, `timeoutMs` (ms, from the call) with CCB_PIPE_TIMEOUT. Both end only this caller's wait. */
export interface PipeCallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @throws {TypeError} for anything that is no PipeCallOptions */
export function checkCallOptions(options: PipeCallOptions | undefined): void {
  const timeoutMs = options?.timeoutMs;
  if (timeoutMs !== undefined && (typeof timeoutMs !== 'number' || !(timeoutMs >= 0))) {
    throw new TypeError(`timeoutMs must be a number of milliseconds, 0 or more: ${String(timeoutMs)}`);
  }
  const signal = options?.signal;
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw new TypeError('signal must be an AbortSignal');
  }
}

/** Races `work` with the caller's signal and deadline, and leaves no timer and no listener behind. */
export function bounded<T>(work: Promise<T>, options: PipeCallOptions | undefined, late: () => Error): Promise<T> {
  const { signal, timeoutMs } = options ?? {};
  if (signal === undefined && timeoutMs === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const timer =
      timeoutMs !== undefined && timeoutMs <= LONGEST_TIMER_MS
        ? setTimeout(() => settle(() => reject(late())), timeoutMs)
        : undefined;
    const onAbort = (): void => settle(() => reject(signal?.reason));
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    work.then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    );
  });
}

/** One signal for work that takes only a signal; end() it when the work is over. */
export class Deadline {
  /** The reason of the abort when time ran out. */
  readonly expired: object = new Error('deadline');
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(options: PipeCallOptions) {
    const { signal, timeoutMs } = options;
    this.#outer = signal;
    if (signal?.aborted) this.#follow();
    else signal?.addEventListener('abort', this.#follow, { once: true });
    if (timeoutMs !== undefined && timeoutMs <= LONGEST_TIMER_MS) {
      this.#timer = setTimeout(() => this.#controller.abort(this.expired), timeoutMs);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#follow);
  }

  readonly #follow = (): void => this.#controller.abort(this.#outer?.reason);
}
