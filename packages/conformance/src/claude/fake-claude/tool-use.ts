import type { Answer } from './input.ts';
import type { Session } from './session.ts';
import { failure, type ToolContext, type ToolResult, useTool } from './tools.ts';

/** Puts a question to whoever may decide. */
export type Ask = (request: object) => Promise<Answer | 'cancelled'>;

/** What a use of a tool came to. */
export type ToolUse =
  | { readonly type: 'done'; readonly result: ToolResult; readonly denied: boolean }
  | { readonly type: 'rejected'; readonly denied: boolean };

/** What the model hears of a use that was rejected. */
export const rejection =
  "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the new_string was NOT written to the file). STOP what you are doing and wait for the user to tell you how to proceed.";

/** Sees to the permission, then uses the tool. A question is put synchronously. */
export async function useWithPermission(
  session: Session,
  tool: { readonly id: string; readonly name: string; readonly input: Readonly<Record<string, unknown>> },
  ask: Ask,
  context: ToolContext,
): Promise<ToolUse> {
  const verdict = session.permissions.verdict(tool.name, tool.input);
  let { input } = tool;
  if (verdict.type === 'ask') {
    if (!session.asks || session.permissions.mode === 'dontAsk') return denied(verdict.refusal);
    const answer = await ask({
      subtype: 'can_use_tool',
      tool_name: tool.name,
      ...verdict.request,
      tool_use_id: tool.id,
    });
    if (answer === 'cancelled') return { type: 'rejected', denied: true };
    if (answer.type === 'error') return denied(`Tool permission request failed: Error: ${answer.message}`);
    const { behavior, message, interrupt, updatedInput, updatedPermissions } = answer.response;
    if (behavior !== 'allow') {
      if (behavior === 'deny' && interrupt === true) return { type: 'rejected', denied: true };
      return denied(behavior === 'deny' ? String(message) : 'Tool permission request failed: ZodError: invalid answer');
    }
    session.permissions.update(updatedPermissions);
    if (typeof updatedInput === 'object' && updatedInput !== null) input = updatedInput as Record<string, unknown>;
  }
  const result = await useTool(tool.name, input, context);
  return context.signal.aborted ? { type: 'rejected', denied: false } : { type: 'done', result, denied: false };
}

function denied(message: string): ToolUse {
  return { type: 'done', result: failure(message), denied: true };
}
