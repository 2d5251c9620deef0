import type { AnyMessage } from '@agentclientprotocol/sdk';
import type { DriverContext } from '../driver.ts';
import type { ProgramProcess } from '../program-process.ts';

const GARBAGE_LOGGED = 200;

/** Lines of a program as the messages of a connection. What is no message is noted once and passed over. */
export class MessageStream {
  readonly #context: DriverContext;
  readonly #readable: ReadableStream<AnyMessage>;
  #controller: ReadableStreamDefaultController<AnyMessage> | undefined;
  #sawGarbage = false;

  constructor(context: DriverContext) {
    this.#context = context;
    this.#readable = new ReadableStream<AnyMessage>({
      start: (controller) => {
        this.#controller = controller;
      },
    });
  }

  push(line: string): void {
    if (line.trim() === '') return;
    try {
      const message: unknown = JSON.parse(line);
      if (typeof message !== 'object' || message === null) throw new TypeError('no object');
      this.#controller?.enqueue(message as AnyMessage);
    } catch {
      if (this.#sawGarbage) return;
      this.#sawGarbage = true;
      this.#context.log('warn', 'acp.garbage', { line: line.slice(0, GARBAGE_LOGGED) });
    }
  }

  connect(process: ProgramProcess): {
    readonly readable: ReadableStream<AnyMessage>;
    readonly writable: WritableStream<AnyMessage>;
  } {
    const writable = new WritableStream<AnyMessage>({ write: (message) => process.send(message) });
    return { readable: this.#readable, writable };
  }

  /** Idempotent. */
  end(): void {
    const controller = this.#controller;
    this.#controller = undefined;
    controller?.close();
  }
}
