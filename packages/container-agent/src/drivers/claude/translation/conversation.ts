import {
  isObject,
  type Json,
  object,
  optionalList,
  optionalNumber,
  optionalObject,
  optionalText,
  text,
} from './json.ts';

/** `parent`: the tool call whose sub-agent says this; absent in the main conversation. */
interface Spoken {
  readonly parent?: string | undefined;
}

/** A piece of an answer that is being written. */
export interface StreamEventMessage extends Spoken {
  readonly type: 'stream_event';
  readonly event: StreamEvent;
}

export type StreamEvent =
  | { readonly type: 'message_start'; readonly messageId?: string | undefined }
  | { readonly type: 'block_start'; readonly index: number; readonly block: Block }
  | { readonly type: 'text_delta' | 'thinking_delta'; readonly index: number; readonly text: string }
  | { readonly type: 'block_stop'; readonly index: number }
  | { readonly type: 'message_delta'; readonly stopReason?: string | undefined }
  | { readonly type: 'message_stop' }
  /** Nothing that is shown: pieces of a tool's input, signatures, pings. */
  | { readonly type: 'other' };

/** Whole blocks of the model's; or, with the model `<synthetic>`, what the program says in its place. */
export interface AssistantMessage extends Spoken {
  readonly type: 'assistant';
  readonly messageId?: string | undefined;
  readonly model?: string | undefined;
  readonly blocks: readonly Block[];
  /** The program's word for an API error whose text the blocks are: `authentication_failed`, `rate_limit`. */
  readonly error?: string | undefined;
}

/** The results of tools, and what the program tells the model. */
export interface UserMessage extends Spoken {
  readonly type: 'user';
  readonly blocks: readonly Block[];
  /** What the one tool of this message returned, as the program keeps it. */
  readonly toolUseResult?: unknown;
  /** An echo of what is known already. */
  readonly isReplay: boolean;
}

export type Block =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: Json }
  | { readonly type: 'tool_result'; readonly id: string; readonly isError: boolean; readonly content: unknown }
  | { readonly type: 'other' };

export function parseStreamEvent(line: Json): StreamEventMessage {
  return { type: 'stream_event', parent: parentOf(line), event: streamEvent(object(line.event)) };
}

export function parseAssistant(line: Json): AssistantMessage {
  const message = object(line.message);
  return {
    type: 'assistant',
    parent: parentOf(line),
    messageId: optionalText(message, 'id'),
    model: optionalText(message, 'model'),
    blocks: blocks(message.content),
    error: optionalText(line, 'error'),
  };
}

export function parseUser(line: Json): UserMessage {
  return {
    type: 'user',
    parent: parentOf(line),
    blocks: blocks(object(line.message).content),
    toolUseResult: line.tool_use_result,
    isReplay: line.isReplay === true,
  };
}

function parentOf(line: Json): string | undefined {
  return optionalText(line, 'parent_tool_use_id');
}

function streamEvent(event: Json): StreamEvent {
  switch (text(event, 'type')) {
    case 'message_start':
      return { type: 'message_start', messageId: optionalText(optionalObject(event, 'message'), 'id') };
    case 'content_block_start':
      return { type: 'block_start', index: indexOf(event), block: block(object(event.content_block)) };
    case 'content_block_delta':
      return delta(indexOf(event), object(event.delta));
    case 'content_block_stop':
      return { type: 'block_stop', index: indexOf(event) };
    case 'message_delta':
      return { type: 'message_delta', stopReason: optionalText(optionalObject(event, 'delta'), 'stop_reason') };
    case 'message_stop':
      return { type: 'message_stop' };
    default:
      return { type: 'other' };
  }
}

function delta(index: number, piece: Json): StreamEvent {
  const type = text(piece, 'type');
  if (type === 'text_delta') return { type, index, text: text(piece, 'text') };
  if (type === 'thinking_delta') return { type, index, text: text(piece, 'thinking') };
  return { type: 'other' };
}

function indexOf(event: Json): number {
  return optionalNumber(event, 'index') ?? 0;
}

function blocks(content: unknown): readonly Block[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return optionalList({ content }, 'content').map((entry) => (isObject(entry) ? block(entry) : { type: 'other' }));
}

function block(entry: Json): Block {
  switch (entry.type) {
    case 'text':
      return { type: 'text', text: text(entry, 'text') };
    case 'thinking':
      return { type: 'thinking', text: text(entry, 'thinking') };
    // Tools that the API runs itself, web search among them, look the same.
    case 'tool_use':
    case 'server_tool_use':
    case 'mcp_tool_use':
      return {
        type: 'tool_use',
        id: text(entry, 'id'),
        name: text(entry, 'name'),
        input: optionalObject(entry, 'input'),
      };
    default:
      return toolResult(entry) ?? { type: 'other' };
  }
}

function toolResult(entry: Json): Block | undefined {
  const id = optionalText(entry, 'tool_use_id');
  if (id === undefined) return undefined;
  return { type: 'tool_result', id, isError: entry.is_error === true, content: entry.content };
}
