import type { AgentContext, RequestPermissionRequest } from '@agentclientprotocol/sdk';
import type { PermissionAnswer, PermissionHandler } from '@ccb/instance-interface';
import { toolCall } from './session-update.ts';

/** Asks the person at the editor; a question whose command has ended is withdrawn. */
export function editorPermission(client: AgentContext, sessionId: () => string): PermissionHandler {
  return async ({ toolCall: asked, options, requestId }, { signal }): Promise<PermissionAnswer> => {
    const question: RequestPermissionRequest = {
      sessionId: sessionId(),
      toolCall: { ...toolCall(asked), toolCallId: asked.toolCallId ?? requestId },
      options: options.map(({ optionId, name, kind }) => ({ optionId, name, kind })),
    };
    const { outcome } = await client.request('session/request_permission', question, { cancellationSignal: signal });
    return outcome.outcome === 'selected' ? { optionId: outcome.optionId } : 'cancelled';
  };
}
