import { once } from 'node:events';
import http from 'node:http';
import type { Duplex } from 'node:stream';

export const engineSocket = '/var/run/docker.sock';

const ANSWER_MS = 60_000;
const HEADER_BYTES = 8;
const STDOUT = 1;

/** The engine's own interface and nothing around it: what one would write without ccb, with connections that are kept. */
export class EngineApi {
  readonly #agent = new http.Agent({ keepAlive: true });

  /** The answer's body. */
  async ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<string> {
    const request = this.#request(method, path, body);
    const signal = AbortSignal.timeout(ANSWER_MS);
    signal.addEventListener('abort', () => request.destroy(signal.reason));
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    if ((response.statusCode ?? 0) >= 400)
      throw new Error(`${method} ${path}: ${response.statusCode} ${bytes.toString()}`);
    return bytes.toString();
  }

  /** The id in the answer. */
  async make(path: string, body: object): Promise<string> {
    return (JSON.parse(await this.ask('POST', path, body)) as { readonly Id: string }).Id;
  }

  /** A connection that carries the program's streams both ways. */
  async hijack(path: string, body?: object): Promise<Duplex> {
    const request = this.#request('POST', path, body, { connection: 'Upgrade', upgrade: 'tcp' });
    request.once('response', ({ statusCode }) => request.destroy(new Error(`POST ${path}: ${statusCode}`)));
    const signal = AbortSignal.timeout(ANSWER_MS);
    const [, socket, head] = (await once(request, 'upgrade', { signal })) as [unknown, Duplex, Buffer];
    if (head.length > 0) socket.unshift(head);
    return socket;
  }

  close(): void {
    this.#agent.destroy();
  }

  #request(method: string, path: string, body?: object, headers: http.OutgoingHttpHeaders = {}): http.ClientRequest {
    const content = body === undefined ? undefined : JSON.stringify(body);
    const request = http.request({
      socketPath: engineSocket,
      agent: this.#agent,
      method,
      path: `/v1.41${path}`,
      headers: { host: 'docker', 'content-type': 'application/json', ...headers },
    });
    request.end(content);
    return request;
  }
}

/** Hands over the stdout in a stream of the engine, which puts a header before each piece of either stream. */
export function stdoutOf(take: (piece: Buffer) => void): (chunk: Buffer) => void {
  const header = Buffer.alloc(HEADER_BYTES);
  let filled = 0;
  let missing = 0;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (missing === 0) {
        const copied = chunk.copy(header, filled, at, at + HEADER_BYTES - filled);
        filled += copied;
        at += copied;
        if (filled < HEADER_BYTES) return;
        filled = 0;
        missing = header.readUInt32BE(4);
      } else {
        const piece = chunk.subarray(at, at + missing);
        at += piece.length;
        missing -= piece.length;
        if (header[0] === STDOUT) take(piece);
      }
    }
  };
}
