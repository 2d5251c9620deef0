import type { PermissionOption, RequestPermissionOutcome, RequestPermissionRequest } from '@agentclientprotocol/sdk';
import type { PermissionAnswer, PermissionRequest } from '@ccb/instance-interface';
import { toolCallOf } from './update.ts';

let count = 0;

/** The question that a person or a policy is asked. */
export function permissionRequest({ toolCall, options }: RequestPermissionRequest): PermissionRequest {
  count += 1;
  return {
    requestId: `${toolCall.toolCallId}-${count}`,
    toolCall: { toolCallId: toolCall.toolCallId, ...toolCallOf(toolCall) },
    options: options.map(({ optionId, name, kind }) => ({ optionId, name, kind })),
  };
}

/** An answer as the program offered it; what it did not offer is a no, and where it offered none the turn is given up. */
export function answerOutcome(
  options: readonly PermissionOption[],
  answer: PermissionAnswer,
): RequestPermissionOutcome {
  if (answer === 'cancelled') return { outcome: 'cancelled' };
  const wanted =
    typeof answer === 'object'
      ? options.find(({ optionId }) => optionId === answer.optionId)
      : options.find(({ kind }) => kind === answer);
  const chosen =
    wanted ??
    options.find(({ kind }) => kind === 'reject_once') ??
    options.find(({ kind }) => kind === 'reject_always');
  return chosen === undefined ? { outcome: 'cancelled' } : { outcome: 'selected', optionId: chosen.optionId };
}
