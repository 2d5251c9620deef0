import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { piecesOf } from './pieces.ts';
import type { MessageReply, ReplyBlock } from './reply.ts';

/** Anything that verifies itself as base64 is a signature here. */
const signature = 'ZmFrZQ==';

/** ms between the last piece and a cut. */
const cutMs = 200;

/** Sends a message whole. One that hangs or is cut off never becomes whole. */
export function sendWhole(response: ServerResponse, reply: MessageReply, id: string, model: string): void {
  if (reply.instead === 'hang') return;
  if (reply.instead === 'cut') {
    response.destroy();
    return;
  }
  const content = reply.blocks.map((block, index) => {
    if (block.type === 'tool_use') return { ...block, id: toolId(id, index) };
    const text = block.pieces.join('');
    return block.type === 'text' ? { type: 'text', text } : { type: 'thinking', thinking: text, signature };
  });
  response.writeHead(200, { 'content-type': 'application/json', 'request-id': `req_${id}` });
  response.end(
    JSON.stringify({
      ...messageHead(id, model),
      content,
      stop_reason: reply.stopReason,
      usage: { ...usage, output_tokens: outputTokens(reply) },
    }),
  );
}

/** Streams a message as server-sent events, at the reader's pace. Ends early, in silence, when the reader goes away. */
export async function sendStream(
  response: ServerResponse,
  reply: MessageReply,
  id: string,
  model: string,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    await new EventStream(response, gone.signal).send(reply, id, model);
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
}

class EventStream {
  readonly #response: ServerResponse;
  readonly #signal: AbortSignal;

  constructor(response: ServerResponse, signal: AbortSignal) {
    this.#response = response;
    this.#signal = signal;
  }

  async send(reply: MessageReply, id: string, model: string): Promise<void> {
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'request-id': `req_${id}`,
    });
    await this.#event('message_start', {
      message: { ...messageHead(id, model), content: [], stop_reason: null, usage },
    });
    await this.#event('ping', {});
    for (const [index, block] of reply.blocks.entries()) {
      const open = reply.instead !== undefined && index === reply.blocks.length - 1;
      await this.#block(block, index, toolId(id, index), reply.pauseMs);
      if (!open) await this.#event('content_block_stop', { index });
    }
    if (reply.instead === 'cut') await this.#cut();
    if (reply.instead !== undefined) return;
    await this.#event('message_delta', {
      delta: { stop_reason: reply.stopReason, stop_sequence: null },
      usage: { output_tokens: outputTokens(reply) },
    });
    await this.#event('message_stop', {});
    this.#response.end();
  }

  async #block(block: ReplyBlock, index: number, toolUseId: string, pauseMs: number): Promise<void> {
    await this.#event('content_block_start', { index, content_block: blockHead(block, toolUseId) });
    const deltas = deltasOf(block);
    for (const [i, delta] of deltas.entries()) {
      if (i > 0 && pauseMs > 0) await delay(pauseMs, undefined, { signal: this.#signal });
      await this.#event('content_block_delta', { index, delta });
    }
  }

  /** Everything that was said is sent, then the connection ends in the middle of the message. */
  async #cut(): Promise<void> {
    await new Promise<void>((resolve) => this.#response.write(': cut\n\n', () => resolve()));
    // Those who see both at once forget what they have read.
    await delay(cutMs, undefined, { signal: this.#signal });
    this.#response.socket?.end();
  }

  async #event(type: string, fields: object): Promise<void> {
    this.#signal.throwIfAborted();
    const taken = this.#response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
    if (!taken) await once(this.#response, 'drain', { signal: this.#signal });
  }
}

function blockHead(block: ReplyBlock, toolUseId: string): object {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: '' };
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'tool_use':
      return { type: 'tool_use', id: toolUseId, name: block.name, input: {} };
  }
}

function deltasOf(block: ReplyBlock): object[] {
  switch (block.type) {
    case 'text':
      return block.pieces.map((text) => ({ type: 'text_delta', text }));
    case 'thinking':
      return [
        ...block.pieces.map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature },
      ];
    case 'tool_use':
      return piecesOf(JSON.stringify(block.input)).map((json) => ({ type: 'input_json_delta', partial_json: json }));
  }
}

const usage = { input_tokens: 10, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 };

function outputTokens(reply: MessageReply): number {
  return reply.blocks.reduce((sum, block) => sum + (block.type === 'tool_use' ? 10 : block.pieces.length), 1);
}

const toolId = (id: string, index: number): string => `toolu_${id}_${index}`;

function messageHead(id: string, model: string): object {
  return { id: `msg_${id}`, type: 'message', role: 'assistant', model, stop_sequence: null };
}
