import {
  type CanUseToolMessage,
  type ControlRequestMessage,
  type ControlResponseMessage,
  parseControlRequest,
  parseControlResponse,
} from './control.ts';
import {
  type AssistantMessage,
  parseAssistant,
  parseStreamEvent,
  parseUser,
  type StreamEventMessage,
  type UserMessage,
} from './conversation.ts';
import { type Json, object, text, WireError } from './json.ts';
import { parseResult, type ResultMessage } from './result-message.ts';
import { type ApiRetryMessage, type InitMessage, parseSystem, type SystemMessage } from './system.ts';

/** What Claude Code prints with `--output-format stream-json`, one a line, in this project's words. */
export type ClaudeMessage =
  | InitMessage
  | ApiRetryMessage
  | SystemMessage
  | StreamEventMessage
  | AssistantMessage
  | UserMessage
  | ResultMessage
  | CanUseToolMessage
  | ControlRequestMessage
  | ControlResponseMessage
  /** The program no longer wants the answer to this question. */
  | { readonly type: 'control_cancel_request'; readonly requestId: string }
  | { readonly type: 'keep_alive' }
  /** A type that is not known here: newer programs say more. `name` is that type. */
  | { readonly type: 'unknown'; readonly name: string }
  /** No JSON object with a type, or a known type without what makes it one. */
  | { readonly type: 'garbage'; readonly text: string };

/** One line of stdout. Never throws: garbage is `{ type: 'garbage', text }`. */
export function parseMessage(line: string): ClaudeMessage {
  try {
    return understand(object(JSON.parse(line)));
  } catch (error) {
    if (error instanceof WireError || error instanceof SyntaxError) return { type: 'garbage', text: line };
    throw error;
  }
}

function understand(line: Json): ClaudeMessage {
  const type = text(line, 'type');
  switch (type) {
    case 'system':
      return parseSystem(line);
    case 'stream_event':
      return parseStreamEvent(line);
    case 'assistant':
      return parseAssistant(line);
    case 'user':
      return parseUser(line);
    case 'result':
      return parseResult(line);
    case 'control_request':
      return parseControlRequest(line);
    case 'control_response':
      return parseControlResponse(line);
    case 'control_cancel_request':
      return { type, requestId: text(line, 'request_id') };
    case 'keep_alive':
      return { type };
    default:
      return { type: 'unknown', name: type };
  }
}
