import type { RunEnd } from '@ccb/instance-interface';
import { retryText } from './api-retry.ts';
import { idOf, piecesOf } from './bounds.ts';
import type { AssistantMessage, Block, StreamEvent, UserMessage } from './conversation.ts';
import { Ledger } from './ledger.ts';
import type { ClaudeMessage } from './message.ts';
import type { ResultMessage } from './result-message.ts';
import { runEnd } from './run-end.ts';
import type { SystemMessage } from './system.ts';
import { type OpenTool, ToolCalls, type Update } from './tool-calls.ts';

export type { OpenTool, Update } from './tool-calls.ts';

/** Where the translation of a turn goes. */
export interface TranslatorOutput {
  text(text: string, messageId?: string): void;
  update(update: Update): void;
}

/** The model whose messages the program writes itself. */
const SYNTHETIC = '<synthetic>';
/** What the program says where a command of its own said nothing: the API takes no empty text. */
const NO_CONTENT = '(no content)';

/**
 * Makes updates of what Claude Code says in one turn; one per turn. The text is that of the main conversation, piece by
 * piece as it comes, nothing added between two messages. Each block counts once: from its pieces, or else as a whole.
 * What the program took back (an answer that broke off and was asked for again) stays: `messageId` tells it apart.
 */
export class Translator {
  readonly #out: TranslatorOutput;
  readonly #ledger: Ledger;
  readonly #tools: ToolCalls;
  /** Messages that come in pieces. */
  readonly #streamed = new Set<string>();
  #messageId: string | undefined;
  #stopReason: string | undefined;
  #apiError: string | undefined;

  /** @param ledger what outlives the turn: one for each process */
  constructor(out: TranslatorOutput, ledger: Ledger = new Ledger()) {
    this.#out = out;
    this.#ledger = ledger;
    this.#tools = new ToolCalls((update) => out.update(update), ledger.plan);
  }

  /** @returns how the turn ended, once it has */
  take(message: ClaudeMessage): RunEnd | undefined {
    switch (message.type) {
      case 'stream_event':
        // Of a sub-agent the whole blocks are enough.
        if (message.parent === undefined) this.#piece(message.event);
        return undefined;
      case 'assistant':
        this.#assistant(message);
        return undefined;
      case 'user':
        this.#user(message);
        return undefined;
      case 'api_retry':
        this.#out.update({ type: 'status', status: 'retry', message: retryText(message) });
        return undefined;
      case 'system':
        this.#system(message);
        return undefined;
      case 'result':
        return this.#end(message);
      default:
        return undefined;
    }
  }

  /** Tools that were called and have no result, those of sub-agents included, oldest first. */
  get openTools(): readonly OpenTool[] {
    return this.#tools.open;
  }

  /**
   * Why the model stopped writing its last message: `tool_use`, `end_turn` … undefined: it writes, or has not begun.
   * `end_turn` without a result: the answer is complete, only its end was not said.
   */
  get stopReason(): string | undefined {
    return this.#stopReason;
  }

  #piece(event: StreamEvent): void {
    switch (event.type) {
      case 'message_start':
        this.#messageId = event.messageId === undefined ? undefined : idOf(event.messageId);
        this.#streamed.add(this.#messageId ?? '');
        this.#stopReason = undefined;
        return;
      case 'block_start':
        if (event.block.type === 'tool_use') this.#tools.announce(event.block);
        else this.#say(event.block, this.#messageId);
        return;
      case 'text_delta':
        this.#text(event.text, this.#messageId);
        return;
      case 'thinking_delta':
        this.#thought(event.text);
        return;
      case 'message_delta':
        this.#stopReason = event.stopReason ?? this.#stopReason;
        return;
    }
  }

  #assistant(message: AssistantMessage): void {
    const { parent, blocks, error } = message;
    if (parent !== undefined) {
      for (const block of blocks) this.#within(parent, block);
      return;
    }
    this.#apiError = error;
    const id = message.messageId === undefined ? undefined : idOf(message.messageId);
    const isStreamed = this.#streamed.has(id ?? '');
    for (const block of blocks) {
      if (block.type === 'tool_use') this.#tools.begin(block);
      // What the program writes in the model's place of an error is the result's error, and no answer.
      else if (!isStreamed && error === undefined && !isPlaceholder(message.model, block)) this.#say(block, id);
    }
  }

  #user({ parent, blocks, isReplay, toolUseResult }: UserMessage): void {
    const results = blocks.filter((block) => block.type === 'tool_result');
    // The program's own record is of the message: with two results in it, it cannot be told whose it is.
    const output = parent === undefined && results.length === 1 ? toolUseResult : undefined;
    for (const result of results) this.#tools.finish(result, output);
    if (isReplay && parent === undefined) for (const block of blocks) this.#localOutput(block);
  }

  /** What a command of the program's own said, where it comes as an echo alone. */
  #localOutput(block: Block): void {
    if (block.type !== 'text') return;
    const [, output = ''] = /^<local-command-stdout>([\s\S]*)<\/local-command-stdout>$/.exec(block.text) ?? [];
    if (output.trim() !== '') this.#text(output, undefined);
  }

  #system({ subtype, fields }: SystemMessage): void {
    if (subtype === 'status' && fields.status === 'compacting') this.#running('makes the conversation shorter');
    if (subtype === 'compact_boundary') this.#running('the conversation was made shorter');
  }

  #running(message: string): void {
    this.#out.update({ type: 'status', status: 'running', message });
  }

  #end(result: ResultMessage): RunEnd {
    this.#tools.abandon();
    return runEnd(result, { apiError: this.#apiError, costUsd: this.#ledger.costOf(result) });
  }

  #within(parent: string, block: Block): void {
    if (block.type === 'tool_use') this.#tools.beginWithin(parent, block);
    else if (block.type === 'text' && block.text !== '') this.#tools.progress(parent, block.text);
  }

  #say(block: Block, messageId: string | undefined): void {
    if (block.type === 'text') this.#text(block.text, messageId);
    else if (block.type === 'thinking') this.#thought(block.text);
  }

  #text(text: string, messageId: string | undefined): void {
    if (text !== '') this.#out.text(text, messageId);
  }

  #thought(text: string): void {
    for (const piece of piecesOf(text)) this.#out.update({ type: 'thought', text: piece });
  }
}

function isPlaceholder(model: string | undefined, block: Block): boolean {
  return model === SYNTHETIC && block.type === 'text' && block.text === NO_CONTENT;
}
