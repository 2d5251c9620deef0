import type { ToolCall as AcpToolCall, SessionUpdate, ToolCallContent } from '@agentclientprotocol/sdk';
import type { CommandUpdate, HistoryEntry, ToolCall } from '@ccb/instance-interface';

/** An event of a command as an editor is told it; undefined: it has no word for it. */
export function sessionUpdate(event: CommandUpdate): SessionUpdate | undefined {
  switch (event.type) {
    case 'text':
      return event.text === '' ? undefined : { sessionUpdate: 'agent_message_chunk', content: text(event.text) };
    case 'thought':
      return { sessionUpdate: 'agent_thought_chunk', content: text(event.text) };
    case 'tool_call':
      return { sessionUpdate: 'tool_call', ...toolCall(event), toolCallId: event.toolCallId, title: event.title };
    case 'tool_call_update':
      return { sessionUpdate: 'tool_call_update', ...toolCall(event), toolCallId: event.toolCallId };
    case 'plan':
      return {
        sessionUpdate: 'plan',
        entries: event.entries.map(({ content, status }) => ({ content, status, priority: 'medium' })),
      };
    default:
      return undefined;
  }
}

/** The same of what was written down: also what was asked. */
export function replayedUpdate(entry: HistoryEntry): SessionUpdate | undefined {
  if (entry.type === 'command') return { sessionUpdate: 'user_message_chunk', content: text(entry.text) };
  return sessionUpdate(entry);
}

/** Of a tool call what is known, in the editor's shape. */
export function toolCall(known: Partial<ToolCall>): Partial<Omit<AcpToolCall, 'toolCallId'>> {
  const { title, kind, status, rawInput, rawOutput, content } = known;
  return {
    ...(title !== undefined && { title }),
    ...(kind !== undefined && { kind }),
    ...(status !== undefined && { status }),
    ...(rawInput !== undefined && { rawInput }),
    ...(rawOutput !== undefined && { rawOutput }),
    ...(content !== undefined && { content: content.flatMap(contentOf) }),
  };
}

function text(value: string): { readonly type: 'text'; readonly text: string } {
  return { type: 'text', text: value };
}

/** What is in the protocol's own shape goes on as it is; a text is wrapped; the rest is in rawOutput. */
function contentOf(value: unknown): readonly ToolCallContent[] {
  if (typeof value === 'string') return [{ type: 'content', content: text(value) }];
  const { type, text: own } = (value ?? {}) as { readonly type?: unknown; readonly text?: unknown };
  if (type === 'content' || type === 'diff' || type === 'terminal') return [value as ToolCallContent];
  return type === 'text' && typeof own === 'string' ? [{ type: 'content', content: text(own) }] : [];
}
