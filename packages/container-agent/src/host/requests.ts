import { InstanceError } from '@ccb/instance-interface';

interface Request {
  resolve(value: never): void;
  reject(error: unknown): void;
  dispose(): void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Questions to the agent that wait for their answer, each with its own deadline; several may wait for the same one. */
export class Requests {
  readonly #open = new Map<string, Set<Request>>();

  /** How many wait. */
  get size(): number {
    let size = 0;
    for (const requests of this.#open.values()) size += requests.size;
    return size;
  }

  /** @throws {InstanceError} CCB_TIMEOUT after timeoutMs (ms); `signal.reason` on abort; what `fail` says */
  ask<T>(
    key: string,
    what: string,
    options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs: number },
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { signal, timeoutMs } = options;
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const giveUp = (error: unknown): void => {
        this.#forget(key, request);
        request.dispose();
        reject(error);
      };
      const aborted = (): void => giveUp(signal?.reason);
      const late = (): void => {
        const message = `the agent did not answer ${what} within ${timeoutMs} ms; it is busy, or frozen. Try again, or give it more time with timeoutMs`;
        giveUp(new InstanceError('CCB_TIMEOUT', message, { retryable: true }));
      };
      const timer = setTimeout(late, Math.min(timeoutMs, LONGEST_TIMER_MS));
      signal?.addEventListener('abort', aborted, { once: true });
      const dispose = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
      };
      const request: Request = { resolve, reject, dispose };
      const others = this.#open.get(key);
      if (others === undefined) this.#open.set(key, new Set([request]));
      else others.add(request);
    });
  }

  /** false: nobody asked that. */
  answer(key: string, value: unknown): boolean {
    const requests = this.#take(key);
    for (const request of requests) request.resolve(value as never);
    return requests.length > 0;
  }

  fail(key: string, error: unknown): boolean {
    const requests = this.#take(key);
    for (const request of requests) request.reject(error);
    return requests.length > 0;
  }

  failAll(error: InstanceError): void {
    for (const key of [...this.#open.keys()]) this.fail(key, error);
  }

  failAllBut(kept: string, error: InstanceError): void {
    for (const key of [...this.#open.keys()]) if (key !== kept) this.fail(key, error);
  }

  #take(key: string): readonly Request[] {
    const requests = [...(this.#open.get(key) ?? [])];
    this.#open.delete(key);
    for (const request of requests) request.dispose();
    return requests;
  }

  #forget(key: string, request: Request): void {
    const requests = this.#open.get(key);
    if (requests?.delete(request) && requests.size === 0) this.#open.delete(key);
  }
}
