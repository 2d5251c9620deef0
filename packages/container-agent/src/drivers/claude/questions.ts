import type { Turn } from '../driver.ts';
import type { CanUseToolMessage } from './translation/control.ts';
import { permissionRequest, permissionResponse } from './translation/permission.ts';

/** What Claude Code asks and waits for. */
export class Questions {
  readonly #send: (message: object) => void;
  readonly #open = new Set<string>();

  constructor(send: (message: object) => void) {
    this.#send = send;
  }

  ask(message: CanUseToolMessage, turn: Turn): void {
    const { requestId } = message;
    this.#open.add(requestId);
    void turn.ask(permissionRequest(message)).then((answer) => {
      if (this.#open.delete(requestId)) this.#send(permissionResponse(message, answer) as object);
    });
  }

  /** Nobody can be asked between two commands. */
  refuse(message: CanUseToolMessage): void {
    this.#send(permissionResponse(message, 'reject_once') as object);
  }

  /** Claude Code no longer wants the answer. */
  cancel(requestId: string): void {
    this.#open.delete(requestId);
  }

  /** Their turn has ended. */
  over(): void {
    this.#open.clear();
  }

  /** Any other question: it would wait for ever. */
  decline(requestId: string, subtype: string): void {
    const error = `ccb does not answer ${subtype}`;
    this.#send({ type: 'control_response', response: { subtype: 'error', request_id: requestId, error } });
  }
}
