import { setMaxListeners } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Duplex, type Readable } from 'node:stream';
import { type CallOptions, InstanceError } from '@ccb/instance-interface';
import { withDeadline } from './deadline.ts';
import type { Modem } from './docker-client.ts';
import { type Asked, refused, unreachable, unreadable } from './errors.ts';
import { Fields } from './fields.ts';

/** One request to the engine. What is secret or long goes into `body`: a URL ends up in logs. */
export interface Request extends Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[]>> | undefined;
  readonly body?: unknown;
  /** Instead of a body: a tar. */
  readonly file?: Buffer | Readable | undefined;
  /** Statuses from 300 on that are an answer, not a refusal. */
  readonly accept?: readonly number[] | undefined;
  /** Fields without which the answer is none. */
  readonly needs?: readonly string[] | undefined;
  /** Where the call names none, ms. Default 10 s. */
  readonly timeoutMs?: number | undefined;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

// Every status is let through by the client: what it means is decided here, from the body that it would have thrown away.
const EVERY_STATUS: Readonly<Record<number, true>> = Object.fromEntries(
  Array.from({ length: 400 }, (_, index) => [200 + index, true]),
);

/** Requests to an engine over the client's transport (Unix socket, TCP, TLS, SSH), each with a deadline of its own. */
export class Wire {
  readonly address: string;
  readonly #modem: Modem;
  readonly #closing = new AbortController();

  constructor(modem: Modem, address: string) {
    // Each call that is under way listens.
    setMaxListeners(0, this.#closing.signal);
    this.#modem = modem;
    this.address = address;
  }

  /** Aborts when this engine is let go. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  close(): void {
    const message = `The connection to the engine at ${this.address} was closed by this program.`;
    this.#closing.abort(new InstanceError('CCB_CLOSED', message));
  }

  /** The whole answer. @throws {InstanceError} */
  ask(request: Request, call?: CallOptions): Promise<Answer> {
    return this.bounded(request, call, async (signal) => {
      const response = await this.#send(request, signal);
      const text = await textOf(response, request, this.address);
      this.#check(request, response, text);
      return { status: response.statusCode ?? 0, text };
    });
  }

  /** The whole answer, which must be a JSON object. @throws {InstanceError} */
  async askFields(request: Request, call?: CallOptions): Promise<Fields> {
    return this.fieldsOf(await this.ask(request, call), request);
  }

  /** The whole answer, which must be a JSON list. @throws {InstanceError} */
  async askList(request: Request, call?: CallOptions): Promise<readonly unknown[]> {
    const value = this.parse(await this.ask(request, call), request);
    if (!Array.isArray(value)) throw unreadable('JSON that is no list', request, this.address);
    return value;
  }

  refusal(answer: Answer, asked: Asked): InstanceError {
    return refused(answer.status, wordsOf(answer.text), asked, this.address);
  }

  fieldsOf(answer: Answer, asked: Asked & Pick<Request, 'needs'>): Fields {
    const value = this.parse(answer, asked);
    const found = new Fields(value);
    const missing = asked.needs?.find((name) => !found.has(name));
    if (!Fields.fit(value) || missing !== undefined) {
      throw unreadable(`JSON without ${missing ?? 'an object'}`, asked, this.address);
    }
    return found;
  }

  parse(answer: Answer, asked: Asked): unknown {
    try {
      return JSON.parse(answer.text);
    } catch (cause) {
      throw unreadable('something that is no JSON', asked, this.address, cause);
    }
  }

  /** An answer that goes on. The call bounds its beginning alone; whoever gets it destroys it. @throws {InstanceError} */
  open(request: Request, call?: CallOptions): Promise<Readable> {
    return this.bounded(request, call, async (signal) => this.#whole(request, await this.#send(request, signal)));
  }

  /** Reads an answer that goes on, inside the deadline of somebody's `bounded`, to where `read` ends. */
  async read(request: Request, signal: AbortSignal, read: (answer: Readable) => Promise<void>): Promise<void> {
    const response = await this.#whole(request, await this.#send(request, signal));
    try {
      await read(response);
    } finally {
      hangUp(response);
    }
  }

  /** The raw connection after an upgrade; a plain answer would ignore back-pressure and the engine's death. @throws {InstanceError} */
  hijack(request: Request, call?: CallOptions): Promise<Duplex> {
    return this.bounded(request, call, async (signal) => {
      const answer = await this.#dial(request, signal, true);
      if (isPlainAnswer(answer)) {
        const response = answer.req.res;
        this.#check(request, response, await textOf(response, request, this.address));
        throw unreadable('a plain answer instead of the upgraded connection (a proxy between?)', request, this.address);
      }
      if (!(answer instanceof Duplex)) throw unreadable('no connection', request, this.address);
      // The signal means nothing to a connection that was upgraded.
      if (signal.aborted) answer.destroy();
      return answer;
    });
  }

  /** Work of several requests, in one deadline; foreign errors become InstanceErrors. */
  bounded<T>(request: Request, call: CallOptions | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limits = {
      doing: request.doing,
      address: this.address,
      timeoutMs: call?.timeoutMs ?? request.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      signal: call?.signal,
      closed: this.closed,
    };
    return withDeadline(limits, async (signal) => {
      try {
        return await work(signal);
      } catch (error) {
        throw unreachable(error, request, this.address);
      }
    });
  }

  async #whole(request: Request, response: IncomingMessage): Promise<IncomingMessage> {
    if ((response.statusCode ?? 0) >= 300)
      this.#check(request, response, await textOf(response, request, this.address));
    return response;
  }

  #check(request: Request, response: IncomingMessage, text: string): void {
    const status = response.statusCode ?? 0;
    if (status < 300 || request.accept?.includes(status)) return;
    throw this.refusal({ status, text }, request);
  }

  async #send(request: Request, signal: AbortSignal): Promise<IncomingMessage> {
    const answer = await this.#dial(request, signal, false);
    if (answer instanceof IncomingMessage) return answer;
    throw unreadable('no answer', request, this.address);
  }

  #dial(request: Request, signal: AbortSignal, hijack: boolean): Promise<unknown> {
    const { method, path, query = {}, body = {}, file } = request;
    return new Promise((resolve, reject) => {
      this.#modem.dial(
        {
          method,
          path: Object.keys(query).length === 0 ? path : `${path}?`,
          options: { _query: query, _body: body },
          ...(file === undefined ? {} : { file }),
          // A kept connection may be one that the engine is just closing.
          headers: { ...headersOf(this.#modem), Connection: 'close' },
          isStream: true,
          hijack,
          openStdin: hijack,
          allowEmpty: false,
          statusCodes: EVERY_STATUS,
          abortSignal: signal,
        },
        (error, answer) => (error ? reject(error) : resolve(answer)),
      );
    });
  }
}

function headersOf(modem: Modem): Record<string, string> {
  return typeof modem.headers === 'object' ? (modem.headers as Record<string, string>) : {};
}

/** What the client makes of an answer without an upgrade. */
function isPlainAnswer(answer: unknown): answer is { readonly req: { readonly res: IncomingMessage } } {
  return typeof answer === 'object' && answer !== null && 'req' in answer;
}

async function textOf(response: IncomingMessage, asked: Asked, address: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) throw unreadable(`more than ${MAX_ANSWER_BYTES} bytes`, asked, address);
      chunks.push(chunk);
    }
  } finally {
    hangUp(response);
  }
  return Buffer.concat(chunks).toString();
}

/** An answer that is whole does not end a request that is not: an engine may refuse a tar before it has read it. */
function hangUp(response: IncomingMessage): void {
  response.destroy();
  response.socket?.destroy();
}

function wordsOf(text: string): string {
  try {
    const said = new Fields(JSON.parse(text));
    return said.text('message') || said.text('cause') || text;
  } catch {
    return text;
  }
}
