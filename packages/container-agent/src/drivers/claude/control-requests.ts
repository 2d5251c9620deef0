import { randomUUID } from 'node:crypto';
import type { ControlResponseMessage } from './translation/control.ts';

/** Questions to Claude Code that it has not answered. */
export class ControlRequests {
  readonly #send: (message: object) => void;
  readonly #open = new Map<string, (answer: ControlResponseMessage | Error) => void>();
  #closed: Error | undefined;

  constructor(send: (message: object) => void) {
    this.#send = send;
  }

  /** Rejects when it refuses, or is gone first. */
  ask(request: { readonly subtype: string }): Promise<ControlResponseMessage> {
    if (this.#closed) return Promise.reject(this.#closed);
    const requestId = randomUUID();
    return new Promise((resolve, reject) => {
      this.#open.set(requestId, (answer) => {
        if (answer instanceof Error) reject(answer);
        else if (answer.error === undefined) resolve(answer);
        else reject(new Error(`Claude Code refused to ${request.subtype}: ${answer.error}`));
      });
      this.#send({ type: 'control_request', request_id: requestId, request });
    });
  }

  take(answer: ControlResponseMessage): void {
    this.#open.get(answer.requestId)?.(answer);
    this.#open.delete(answer.requestId);
  }

  close(reason: Error): void {
    this.#closed = reason;
    for (const settle of this.#open.values()) settle(reason);
    this.#open.clear();
  }
}
