/** One request that the fake API got. */
export interface ApiRequest {
  /** Starts at 1. */
  readonly number: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /**
   * - `prompt`: a prompt is to be answered, for the first time or again
   * - `tool`: the result of a tool is to be answered
   * - `side`: Claude Code asks something of its own, a title for example
   * - `tokens`, `models`: the other two endpoints
   * - `other`: anything else
   */
  readonly kind: 'prompt' | 'tool' | 'side' | 'tokens' | 'models' | 'other';
  readonly model?: string | undefined;
  /** Claude Code's session id. */
  readonly session?: string | undefined;
  readonly stream?: boolean | undefined;
  /** The last prompt, exactly; for `prompt` and `tool`. */
  readonly prompt?: string | undefined;
  /** What the tools answered since the last prompt; for `tool`. */
  readonly results?: readonly { readonly tool: string; readonly text: string; readonly failed: boolean }[] | undefined;
  /** The names of the tools that the model may use. */
  readonly tools?: readonly string[] | undefined;
}

export interface WhenRequestedOptions {
  /** ms; default 10 000. */
  readonly timeoutMs?: number | undefined;
}

interface Waiter {
  readonly predicate: (request: ApiRequest) => boolean;
  readonly settle: (outcome: ApiRequest | Error) => void;
}

/** Keeps every request, and lets callers wait for one. */
export class RequestLog {
  readonly #requests: ApiRequest[] = [];
  readonly #waiters = new Set<Waiter>();
  #closed: Error | undefined;

  get requests(): readonly ApiRequest[] {
    return this.#requests;
  }

  add(request: ApiRequest): void {
    this.#requests.push(request);
    for (const waiter of [...this.#waiters]) if (waiter.predicate(request)) waiter.settle(request);
  }

  /** The first request, past or future, that the predicate takes. */
  whenRequested(predicate: (request: ApiRequest) => boolean, options: WhenRequestedOptions = {}): Promise<ApiRequest> {
    const found = this.#requests.find(predicate);
    if (found) return Promise.resolve(found);
    if (this.#closed) return Promise.reject(this.#closed);
    const timeoutMs = options.timeoutMs ?? 10_000;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const seen = this.#requests.map((request) => request.prompt ?? request.path).join(', ');
        waiter.settle(new Error(`No such request came within ${timeoutMs} ms. There were: ${seen || 'none'}`));
      }, timeoutMs);
      const waiter: Waiter = {
        predicate,
        settle: (outcome) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  /** Ends every wait. */
  close(reason: Error): void {
    this.#closed ??= reason;
    for (const waiter of [...this.#waiters]) waiter.settle(this.#closed);
  }
}
