import type { SessionUpdate, ToolCallUpdate } from '@agentclientprotocol/sdk';
import type { ToolCall } from '@ccb/instance-interface';
import type { Turn } from '../driver.ts';

/** Tells a turn what the program has told of it. What the contract has no word for is passed over. */
export function tellUpdate(update: SessionUpdate, turn: Turn): void {
  switch (update.sessionUpdate) {
    case 'agent_message_chunk':
      if (update.content.type === 'text' && update.content.text !== '') turn.write('stdout', update.content.text);
      return;
    case 'agent_thought_chunk':
      if (update.content.type === 'text') turn.update({ type: 'thought', text: update.content.text });
      return;
    case 'tool_call': {
      const { toolCallId, title } = update;
      turn.update({ type: 'tool_call', toolCallId, kind: 'other', status: 'pending', ...toolCallOf(update), title });
      return;
    }
    case 'tool_call_update':
      turn.update({ type: 'tool_call_update', toolCallId: update.toolCallId, ...toolCallOf(update) });
      return;
    case 'plan':
      turn.update({
        type: 'plan',
        entries: update.entries.map(({ content, status }) => ({ content, status })),
      });
      return;
  }
}

/** What is known of a tool call, without what is not. */
export function toolCallOf(told: Partial<ToolCallUpdate>): Partial<Omit<ToolCall, 'toolCallId'>> {
  const { title, kind, status, rawInput, rawOutput, content } = told;
  return {
    ...(typeof title === 'string' && { title }),
    ...(typeof kind === 'string' && { kind }),
    ...(typeof status === 'string' && { status }),
    ...(rawInput !== undefined && { rawInput }),
    ...(rawOutput !== undefined && { rawOutput }),
    ...(Array.isArray(content) && { content }),
  };
}
