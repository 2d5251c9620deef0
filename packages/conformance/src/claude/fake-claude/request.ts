import { setImmediate as immediately, setTimeout as sleep } from 'node:timers/promises';
import type { MessageReply, ReplyBlock, ToolUse as ToolBlock } from '../fake-api/reply.ts';
import { refusalText } from './api-error.ts';
import type { Fault } from './faults.ts';
import * as messages from './messages.ts';
import { die } from './mishap.ts';
import type { Session } from './session.ts';
import { type Ask, type ToolUse, useWithPermission } from './tool-use.ts';
import type { Tokens } from './usage.ts';

/** What one request to the model came to. */
export type Requested =
  | { readonly type: 'said'; readonly text: string; readonly stopReason: string; readonly tokens: Tokens }
  | { readonly type: 'used'; readonly used: readonly Used[]; readonly tokens: Tokens }
  | { readonly type: 'refused'; readonly requestId: string }
  | { readonly type: 'cut' };

/** One use of a tool. */
export interface Used {
  readonly tool: Tool;
  readonly use: ToolUse;
}

type Tool = Extract<messages.Content, { type: 'tool_use' }>;

/** One request to the model, from `message_start` to the end of the tool that it asks for. */
export class Request {
  readonly #session: Session;
  readonly #reply: MessageReply;
  readonly #signal: AbortSignal;
  readonly #faults: ReadonlySet<Fault>;
  readonly #ask: Ask;
  readonly #midText: () => Promise<void>;
  readonly #message: messages.ModelMessage;
  readonly #contents: messages.Content[] = [];
  readonly #using: Promise<Used>[] = [];
  readonly #aborted: Promise<void>;
  #pieces = 1;

  constructor(
    session: Session,
    of: {
      readonly reply: MessageReply;
      readonly signal: AbortSignal;
      readonly faults: ReadonlySet<Fault>;
      readonly ask: Ask;
      /** Called in the middle of each text. */
      readonly midText: () => Promise<void>;
    },
  ) {
    this.#session = session;
    this.#reply = of.reply;
    this.#signal = of.signal;
    this.#faults = of.faults;
    this.#ask = of.ask;
    this.#midText = of.midText;
    this.#aborted = new Promise((resolve) => of.signal.addEventListener('abort', () => resolve(), { once: true }));
    const number = ++session.requests;
    this.#message = { id: `msg_fake${number}`, requestId: `req_fake${number}`, tokens: { input: 10, output: 1 } };
  }

  /** Throws when the signal aborts before a tool is used. */
  async run(): Promise<Requested> {
    const { stopReason, instead } = this.#reply;
    this.#event({ type: 'message_start', message: messages.startOf(this.#message) }, { ttft_ms: 1 });
    for (const [index, block] of this.#reply.blocks.entries()) {
      await (block.type === 'tool_use' ? this.#useTool(index, block) : this.#text(index, block));
      if (instead === 'cut') return { type: 'cut' };
      this.#event({ type: 'content_block_stop', index });
    }
    if (stopReason === 'refusal') this.#sayRefusal();
    const tokens = { input: this.#message.tokens.input, output: this.#pieces };
    const delta = { stop_reason: stopReason, stop_sequence: null };
    this.#event({ type: 'message_delta', delta, usage: { output_tokens: tokens.output } });
    this.#event({ type: 'message_stop' });
    for (const content of this.#contents) {
      this.#session.transcript.assistant({ ...this.#message, tokens }, content, stopReason);
    }
    if (stopReason === 'refusal') return { type: 'refused', requestId: this.#message.requestId };
    if (this.#using.length > 0) return { type: 'used', used: await Promise.all(this.#using), tokens };
    const last = this.#contents.at(-1);
    return { type: 'said', text: last?.type === 'text' ? last.text : '', stopReason, tokens };
  }

  async #text(index: number, block: Exclude<ReplyBlock, ToolBlock>): Promise<void> {
    const thinking = block.type === 'thinking';
    const begin = thinking ? { type: 'thinking', thinking: '', signature: '' } : { type: 'text', text: '' };
    this.#event({ type: 'content_block_start', index, content_block: begin });
    const middle = Math.ceil(block.pieces.length / 2);
    let said = '';
    try {
      for (const [at, piece] of block.pieces.entries()) {
        if (at > 0 || this.#pieces === 1) await this.#pause(this.#reply.pauseMs);
        said += piece;
        this.#pieces++;
        this.#piece(index, thinking, piece);
        if (!thinking && at + 1 === middle) await this.#midText();
      }
      if (this.#reply.instead === 'hang') await this.#forever();
      if (this.#reply.instead === 'cut') return;
      await this.#pause(0);
    } catch (error) {
      if (!thinking && said !== '') this.#sayWhole({ type: 'text', text: said }, true);
      throw error;
    }
    if (thinking) this.#delta(index, { type: 'signature_delta', signature: 'ZmFrZQ==' });
    this.#sayWhole(
      thinking ? { type: 'thinking', thinking: said, signature: 'ZmFrZQ==' } : { type: 'text', text: said },
    );
  }

  async #useTool(index: number, block: ToolBlock): Promise<void> {
    const { name, input } = block;
    const id = `toolu_fake${this.#session.requests}_${index}`;
    const tool: Tool = { type: 'tool_use', id, name, input };
    await this.#pause(0);
    this.#event({ type: 'content_block_start', index, content_block: { type: 'tool_use', id, name, input: {} } });
    this.#delta(index, { type: 'input_json_delta', partial_json: JSON.stringify(input) });
    this.#sayWhole(tool);
    const use = useWithPermission(this.#session, tool, this.#ask, {
      cwd: this.#session.cwd,
      sessionId: this.#session.id,
      tasks: this.#session.tasks,
      signal: this.#signal,
      started: () => {
        if (this.#faults.has('dies-mid-tool')) void die(this.#session.output);
      },
    });
    this.#using.push(use.then((use) => ({ tool, use })));
  }

  #piece(index: number, thinking: boolean, piece: string): void {
    if (thinking) {
      this.#session.saySystem('thinking_tokens', { estimated_tokens: this.#pieces, estimated_tokens_delta: 1 });
    }
    this.#delta(index, thinking ? { type: 'thinking_delta', thinking: piece } : { type: 'text_delta', text: piece });
  }

  #delta(index: number, delta: object): void {
    this.#event({ type: 'content_block_delta', index, delta });
  }

  #event(event: object, more: object = {}): void {
    if (!this.#session.partialMessages || this.#faults.has('result-without-text')) return;
    this.#session.output.line(messages.streamEvent(this.#session.id, event, more));
  }

  /** `partial`: interrupted in the middle. */
  #sayWhole(content: messages.Content, partial = false): void {
    if (!this.#faults.has('result-without-text')) {
      this.#session.output.line(messages.assistant(this.#session.id, this.#message, content));
    }
    if (partial) this.#session.transcript.assistant(this.#message, content, null);
    else this.#contents.push(content);
  }

  #sayRefusal(): void {
    const { requestId } = this.#message;
    this.#session.saySystem('model_refusal_no_fallback', {
      original_model: this.#session.model,
      request_id: requestId,
      api_refusal_category: null,
      api_refusal_explanation: null,
      content: '',
    });
    const message = messages.syntheticMessage(refusalText(requestId), 'refusal');
    const more = { error: 'invalid_request', request_id: requestId };
    this.#session.output.line(messages.synthetic(this.#session.id, message, more));
  }

  /** Lets time pass, and a slow reader catch up. */
  async #pause(ms: number): Promise<void> {
    await (ms === 0
      ? immediately(undefined, { signal: this.#signal })
      : sleep(ms, undefined, { signal: this.#signal }));
    await Promise.race([this.#session.output.room(), this.#aborted]);
    this.#signal.throwIfAborted();
  }

  async #forever(): Promise<void> {
    await this.#aborted;
    this.#signal.throwIfAborted();
  }
}
