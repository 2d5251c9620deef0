import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { sendStream, sendWhole } from './answer.ts';
import { type MessagesBody, parseBody } from './body.ts';
import { type Conversation, isSideRequest, readConversation, sessionOf, sideAnswer } from './conversation.ts';
import { failure } from './failure.ts';
import { decideReply, type Reply, say } from './reply.ts';
import { type ApiRequest, RequestLog, type WhenRequestedOptions } from './request-log.ts';

export interface FakeApiOptions {
  /** Default 0: any that is free. */
  readonly port?: number | undefined;
  /** The path of a Unix socket, which everybody who can reach it may use, instead of a port. */
  readonly socket?: string | undefined;
  /** Called for each request before it is answered. */
  readonly onRequest?: ((request: ApiRequest) => void) | undefined;
}

/** A fake Anthropic Messages API, on the loopback interface or a Unix socket alone. Its prompts are those of {@link parsePrompt}. */
export interface FakeApi extends AsyncDisposable {
  /** For `ANTHROPIC_BASE_URL`: `http://127.0.0.1:PORT`. Not of a Unix socket. */
  readonly url: string;
  readonly port: number;
  /** Every request so far, oldest first. */
  readonly requests: readonly ApiRequest[];
  /**
   * The first request, past or future, that the predicate takes; without one, the first of all.
   * @throws {Error} after `timeoutMs`, and when the API is closed
   */
  whenRequested(predicate?: (request: ApiRequest) => boolean, options?: WhenRequestedOptions): Promise<ApiRequest>;
  /** Ends every connection, also one that hangs. Idempotent. */
  close(): Promise<void>;
}

/** Starts a fake Messages API in this process. @throws {Error} when the port or socket is taken */
export async function startFakeApi(options: FakeApiOptions = {}): Promise<FakeApi> {
  const api = new ApiServer(options.onRequest);
  await api.listen(options);
  return api;
}

class ApiServer implements FakeApi {
  readonly #log = new RequestLog();
  readonly #onRequest: ((request: ApiRequest) => void) | undefined;
  readonly #server: Server;
  /** The conversations whose last prompt has failed once. */
  readonly #failed = new Set<string>();
  #closing: Promise<void> | undefined;
  #port = 0;

  constructor(onRequest?: (request: ApiRequest) => void) {
    this.#onRequest = onRequest;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  get requests(): readonly ApiRequest[] {
    return this.#log.requests;
  }

  whenRequested(
    predicate: (request: ApiRequest) => boolean = () => true,
    options?: WhenRequestedOptions,
  ): Promise<ApiRequest> {
    return this.#log.whenRequested(predicate, options);
  }

  async listen({ port = 0, socket }: FakeApiOptions): Promise<void> {
    if (socket === undefined) this.#server.listen(port, '127.0.0.1');
    else this.#server.listen({ path: socket, readableAll: true, writableAll: true });
    await once(this.#server, 'listening');
    if (socket === undefined) this.#port = (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
      this.#log.close(new Error('The fake API was closed.'));
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? '';
    const path = (request.url ?? '').replace(/\?.*/s, '');
    const text = await readText(request);
    const note = (fields: Omit<ApiRequest, 'number' | 'method' | 'path'>): number => {
      const noted = { number: this.#log.requests.length + 1, method, path, ...fields };
      this.#log.add(noted);
      this.#onRequest?.(noted);
      return noted.number;
    };

    switch (`${method} ${path}`) {
      case 'POST /v1/messages': {
        const body = parseBody(text);
        if (body) return this.#answerMessages(body, response, note);
        note({ kind: 'other' });
        return sendFailure(response, 400, 'messages: Field required');
      }
      case 'POST /v1/messages/count_tokens':
        note({ kind: 'tokens' });
        return sendJson(response, 200, { input_tokens: Math.ceil(text.length / 4) });
      case 'GET /v1/models':
        note({ kind: 'models' });
        return sendJson(response, 200, models);
      default:
        note({ kind: 'other' });
        return sendFailure(response, 404);
    }
  }

  async #answerMessages(
    body: MessagesBody,
    response: ServerResponse,
    note: (fields: Omit<ApiRequest, 'number' | 'method' | 'path'>) => number,
  ): Promise<void> {
    const session = sessionOf(body);
    const common = { model: body.model, session, stream: body.stream === true };
    let number: number;
    let reply: Reply;
    if (isSideRequest(body)) {
      number = note({ ...common, kind: 'side' });
      reply = say(sideAnswer(body));
    } else {
      const conversation = readConversation(body);
      const { prompts, results, tools } = conversation;
      const asked = { ...common, prompt: prompts.at(-1), tools };
      number = note(results.length > 0 ? { ...asked, kind: 'tool', results } : { ...asked, kind: 'prompt' });
      reply = decideReply(conversation, (each) => this.#failsNow(session, each));
    }
    if (reply.type === 'error') return sendFailure(response, reply.status);
    const id = `ccb${number}`;
    const model = body.model ?? 'claude';
    return body.stream ? sendStream(response, reply, id, model) : sendWhole(response, reply, id, model);
  }

  #failsNow(session: string, { prompts }: Conversation): boolean {
    const key = JSON.stringify([session, prompts]);
    if (this.#failed.delete(key)) return false;
    this.#failed.add(key);
    return true;
  }
}

const models = {
  data: [
    { type: 'model', id: 'claude-sonnet-4-5', display_name: 'Claude Sonnet 4.5', created_at: '2025-09-29T00:00:00Z' },
  ],
  has_more: false,
  first_id: 'claude-sonnet-4-5',
  last_id: 'claude-sonnet-4-5',
};

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

function sendFailure(response: ServerResponse, status: number, message?: string): void {
  const { headers, body } = failure(status, message);
  sendJson(response, status, body, headers);
}
