import type { PermissionAnswer, PermissionRequest } from '@ccb/instance-interface';
import type { CanUseToolMessage } from './control.ts';

/** The question that a person or a policy is asked. */
export function permissionRequest(message: CanUseToolMessage): PermissionRequest {
  return { requestId: message.requestId, toolCall: {}, options: [] };
}

/** The line to write for an answer. */
export function permissionResponse(message: CanUseToolMessage, answer: PermissionAnswer): unknown {
  return { message, answer };
}
