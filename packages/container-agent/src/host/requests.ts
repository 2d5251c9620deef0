import { InstanceError } from '@ccb/instance-interface';

interface Request {
  resolve(value: never): void;
  reject(error: unknown): void;
  dispose(): void;
}

/** Questions to the agent that wait for their answer, each with its own deadline. */
export class Requests {
  readonly #open = new Map<string, Request>();

  /** @throws {InstanceError} CCB_TIMEOUT after timeoutMs (ms); `signal.reason` on abort; what `failAll` says */
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
      const aborted = (): void => void this.fail(key, signal?.reason);
      const timer = setTimeout(() => {
        const message = `the agent did not answer ${what} within ${timeoutMs} ms`;
        this.fail(key, new InstanceError('CCB_TIMEOUT', message, { retryable: true }));
      }, timeoutMs);
      signal?.addEventListener('abort', aborted, { once: true });
      const dispose = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
      };
      this.#open.set(key, { resolve, reject, dispose });
    });
  }

  answer(key: string, value: unknown): boolean {
    const request = this.#take(key);
    request?.resolve(value as never);
    return request !== undefined;
  }

  fail(key: string, error: unknown): boolean {
    const request = this.#take(key);
    request?.reject(error);
    return request !== undefined;
  }

  failAll(error: InstanceError): void {
    for (const key of [...this.#open.keys()]) this.fail(key, error);
  }

  failAllBut(kept: string, error: InstanceError): void {
    for (const key of [...this.#open.keys()]) if (key !== kept) this.fail(key, error);
  }

  #take(key: string): Request | undefined {
    const request = this.#open.get(key);
    this.#open.delete(key);
    request?.dispose();
    return request;
  }
}
