import { randomUUID } from 'node:crypto';
import { requestUsage, type Tokens, wholeUsage } from './usage.ts';

/** The version that is imitated. */
export const version = '2.1.197';
/** The model as requests name it. */
export const modelName = 'claude-opus-4-8';

/** A content block of a message. */
export type Content =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | {
      readonly type: 'tool_use';
      readonly id: string;
      readonly name: string;
      readonly input: Readonly<Record<string, unknown>>;
    };

/** A message of the model, as stream events and transcripts carry it. */
export interface ModelMessage {
  readonly id: string;
  readonly requestId: string;
  readonly tokens: Tokens;
}

/** The first message of each turn. */
export function init(session: {
  readonly id: string;
  readonly cwd: string;
  readonly model: string;
  readonly permissionMode: string;
  readonly tools: readonly string[];
  readonly memory: string;
}): object {
  return {
    type: 'system',
    subtype: 'init',
    cwd: session.cwd,
    session_id: session.id,
    tools: session.tools,
    mcp_servers: [],
    model: session.model,
    permissionMode: session.permissionMode,
    slash_commands: ['clear', 'compact', 'context', 'cost', 'init', 'review'],
    apiKeySource: 'ANTHROPIC_API_KEY',
    claude_code_version: version,
    output_style: 'default',
    agents: ['general-purpose', 'Plan'],
    skills: [],
    plugins: [],
    analytics_disabled: true,
    product_feedback_disabled: true,
    uuid: randomUUID(),
    memory_paths: { auto: session.memory },
    fast_mode_state: 'off',
  };
}

export function system(sessionId: string, subtype: string, fields: object): object {
  return { type: 'system', subtype, ...fields, uuid: randomUUID(), session_id: sessionId };
}

export function streamEvent(sessionId: string, event: object, more: object = {}): object {
  return { type: 'stream_event', event, session_id: sessionId, parent_tool_use_id: null, uuid: randomUUID(), ...more };
}

/** The message inside `message_start`. */
export function startOf(message: ModelMessage): object {
  return {
    id: message.id,
    type: 'message',
    role: 'assistant',
    model: modelName,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: requestUsage(message.tokens),
  };
}

export function assistant(sessionId: string, message: ModelMessage, content: Content): object {
  return {
    type: 'assistant',
    message: { ...startOf(message), content: [content], context_management: null },
    parent_tool_use_id: null,
    session_id: sessionId,
    uuid: randomUUID(),
    request_id: message.requestId,
  };
}

/** The message inside an assistant message that the program itself made up. */
export function syntheticMessage(text: string, stopReason: 'stop_sequence' | 'refusal' = 'stop_sequence'): object {
  return {
    id: randomUUID(),
    container: null,
    model: '<synthetic>',
    role: 'assistant',
    stop_details: null,
    stop_reason: stopReason,
    stop_sequence: '',
    type: 'message',
    usage: {
      ...wholeUsage({ input: 0, output: 0 }),
      service_tier: null,
      inference_geo: null,
      iterations: null,
      speed: null,
    },
    content: [{ type: 'text', text }],
    context_management: null,
  };
}

export function synthetic(sessionId: string, message: object, more: object = {}): object {
  return { type: 'assistant', message, parent_tool_use_id: null, session_id: sessionId, uuid: randomUUID(), ...more };
}

export function user(sessionId: string, content: readonly object[], more: object = {}): object {
  return {
    type: 'user',
    message: { role: 'user', content },
    parent_tool_use_id: null,
    session_id: sessionId,
    uuid: randomUUID(),
    timestamp: new Date().toISOString(),
    ...more,
  };
}

export function controlSuccess(id: string, response?: object, more: object = {}): object {
  const answer = response === undefined ? {} : { response };
  return { type: 'control_response', response: { subtype: 'success', request_id: id, ...answer, ...more } };
}

export function controlError(id: string, error: string): object {
  return { type: 'control_response', response: { subtype: 'error', request_id: id, error } };
}
