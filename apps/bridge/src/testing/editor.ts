import { Readable, Writable } from 'node:stream';
import {
  type ClientConnection,
  client,
  ndJsonStream,
  PROTOCOL_VERSION,
  type SessionUpdate,
} from '@agentclientprotocol/sdk';
import type { Running } from './sandbox.ts';

export type Answer = 'allow_once' | 'reject_once' | 'never';

/** An editor on the other end of a `ccb acp`, through the official SDK. It writes down what both sides say. */
export class Editor {
  /** Each message, a line of JSON, `->` from the editor and `<-` to it; ids that differ from run to run have a name instead. */
  readonly exchange: string[] = [];
  readonly updates: SessionUpdate[] = [];
  /** How the person there answers. */
  answer: Answer = 'allow_once';
  readonly #running: Running;
  readonly #connection: ClientConnection;
  readonly #names = new Map<string, string>();
  #watchers: (() => void)[] = [];

  constructor(running: Running) {
    this.#running = running;
    const { stdin, stdout } = running.child;
    this.#connection = client({ name: 'editor' })
      .onNotification('session/update', ({ params }) => {
        this.updates.push(params.update);
        for (const watch of this.#watchers) watch();
      })
      .onRequest('session/request_permission', async ({ params, signal }) => {
        const option = params.options.find(({ kind }) => kind === this.answer);
        if (option !== undefined) return { outcome: { outcome: 'selected', optionId: option.optionId } };
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        return { outcome: { outcome: 'cancelled' } };
      })
      .connect(ndJsonStream(this.#tap('->', Writable.toWeb(stdin)), this.#tapRead(Readable.toWeb(stdout))));
  }

  get agent(): ClientConnection['agent'] {
    return this.#connection.agent;
  }

  /** The text that the agent has said so far. */
  get text(): string {
    return this.updates
      .map((update) =>
        update.sessionUpdate === 'agent_message_chunk' && update.content.type === 'text' ? update.content.text : '',
      )
      .join('');
  }

  async initialize(): Promise<void> {
    await this.agent.request('initialize', { protocolVersion: PROTOCOL_VERSION, clientCapabilities: {} });
  }

  async open(cwd: string): Promise<string> {
    this.#names.set(cwd, 'WORKSPACE');
    const { sessionId } = await this.agent.request('session/new', { cwd, mcpServers: [] });
    return sessionId;
  }

  /** One turn: how it ended, and what was said. */
  async prompt(sessionId: string, text: string): Promise<{ readonly stopReason: string; readonly text: string }> {
    this.updates.length = 0;
    const { stopReason } = await this.agent.request('session/prompt', { sessionId, prompt: [{ type: 'text', text }] });
    return { stopReason, text: this.text };
  }

  async cancel(sessionId: string): Promise<void> {
    await this.agent.notify('session/cancel', { sessionId });
  }

  /** Resolves when an update has come of which this holds. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve) => {
      const watch = (): void => {
        if (!holds()) return;
        this.#watchers = this.#watchers.filter((each) => each !== watch);
        resolve();
      };
      this.#watchers.push(watch);
    });
  }

  /** The editor is closed. Resolves with the exit code of ccb. */
  async close(): Promise<number | null> {
    this.#running.child.stdin.end();
    return (await this.#running.finished).exitCode;
  }

  #tap(direction: '->', stream: WritableStream<Uint8Array>): WritableStream<Uint8Array> {
    const writer = stream.getWriter();
    return new WritableStream({
      write: async (piece) => {
        this.#note(direction, Buffer.from(piece).toString());
        await writer.write(piece);
      },
      close: () => writer.close(),
    });
  }

  #tapRead(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    let torn = '';
    const note = (piece: Uint8Array): void => {
      const lines = (torn + Buffer.from(piece).toString()).split('\n');
      torn = lines.pop() ?? '';
      for (const line of lines) this.#note('<-', line);
    };
    return stream.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(piece, controller) {
          note(piece);
          controller.enqueue(piece);
        },
      }),
    );
  }

  #note(direction: '->' | '<-', text: string): void {
    const plain = [...this.#names].reduce((line, [id, name]) => line.replaceAll(id, name), text.trim());
    const named = plain
      .replace(/"version":"[^"]*"/, '"version":"VERSION"')
      .replace(/toolu_\w+|acp-[0-9a-f]{8}|[0-9a-f]{8}-[0-9a-f-]{27}/g, (id) => this.#nameOf(id));
    const line = `${direction} ${named}`;
    const last = this.exchange.at(-1);
    const joined = last === undefined ? undefined : joinedChunks(last, line);
    if (joined === undefined) this.exchange.push(line);
    else this.exchange[this.exchange.length - 1] = joined;
  }

  #nameOf(id: string): string {
    const name =
      this.#names.get(id) ??
      `${id.startsWith('acp-') ? 'SESSION' : id.startsWith('toolu_') ? 'TOOL' : 'ID'}-${this.#names.size + 1}`;
    this.#names.set(id, name);
    return name;
  }
}

const CHUNK = /^<- (.*"update":\{)(?=.*"sessionUpdate":"agent_message_chunk")(.*)$/;

/** Two pieces of one text as one: where it is cut differs from run to run. undefined: they are no such pieces. */
function joinedChunks(before: string, after: string): string | undefined {
  if (!CHUNK.test(before) || !CHUNK.test(after)) return undefined;
  const [one, two] = [before, after].map((line) => JSON.parse(line.slice(3)) as Chunk) as [Chunk, Chunk];
  const { content } = one.params.update;
  const text = content.text + two.params.update.content.text;
  const update = { ...one.params.update, content: { ...content, text } };
  return `<- ${JSON.stringify({ ...one, params: { ...one.params, update } })}`;
}

interface Chunk {
  readonly params: { readonly update: { readonly content: { readonly text: string } } };
}
