import type { PermissionAnswer, PermissionOptionKind, PermissionRequest } from '@ccb/instance-interface';
import { bounded, idOf, titleLine } from './bounds.ts';
import type { CanUseToolMessage } from './control.ts';
import { isObject, optionalList, optionalText } from './json.ts';
import { kindOf, titleOf } from './tool.ts';
import { contentOfInput } from './tool-content.ts';

/** The question that a person or a policy is asked. The ids of its options are their kinds. */
export function permissionRequest(message: CanUseToolMessage): PermissionRequest {
  const { requestId, toolName, toolUseId, input } = message;
  const always = lasting(message.suggestions);
  return {
    requestId: idOf(requestId),
    toolCall: {
      ...(toolUseId === undefined ? {} : { toolCallId: idOf(toolUseId) }),
      title: titleOf(toolName, input),
      kind: kindOf(toolName),
      status: 'pending',
      rawInput: bounded(input),
      content: contentOfInput(toolName, input),
    },
    options: [
      { optionId: 'allow_once', name: 'Allow', kind: 'allow_once' },
      ...(always.length === 0
        ? []
        : [{ optionId: 'allow_always', name: alwaysName(always), kind: 'allow_always' as const }]),
      { optionId: 'reject_once', name: 'Deny', kind: 'reject_once' },
    ],
  };
}

/** The line to write for an answer. What was not offered is a denial; `'cancelled'` ends the turn too. */
export function permissionResponse(message: CanUseToolMessage, answer: PermissionAnswer): unknown {
  return {
    type: 'control_response',
    response: { subtype: 'success', request_id: message.requestId, response: verdict(message, answer) },
  };
}

/** What a person's or a policy's answer means to Claude Code. */
export function verdict(message: CanUseToolMessage, answer: PermissionAnswer): object {
  const choice = typeof answer === 'object' ? answer.optionId : answer;
  switch (choice as PermissionOptionKind | 'cancelled') {
    case 'allow_once':
      return { behavior: 'allow', updatedInput: message.input };
    case 'allow_always':
      return { behavior: 'allow', updatedInput: message.input, updatedPermissions: lasting(message.suggestions) };
    case 'cancelled':
      return { behavior: 'deny', message: 'The turn was cancelled.', interrupt: true };
    default:
      return { behavior: 'deny', message: 'The user does not allow this.' };
  }
}

/**
 * What `allow_always` changes, for the session. The program suggests to write its rules into the workspace, where it
 * ignores them until a person has trusted that workspace; and beside them to accept all edits, which nobody was asked.
 */
function lasting(suggestions: readonly unknown[]): readonly object[] {
  const known = suggestions.filter(isObject);
  const rules = known.filter((suggestion) => suggestion.type === 'addRules');
  return (rules.length > 0 ? rules : known).map((suggestion) => ({ ...suggestion, destination: 'session' }));
}

function alwaysName(changes: readonly object[]): string {
  const rules = changes.filter(isObject).flatMap((change) => optionalList(change, 'rules').filter(isObject));
  if (rules.length === 0) return 'Allow all such calls in this session';
  const names = rules.map((rule) => {
    const content = optionalText(rule, 'ruleContent');
    return `${optionalText(rule, 'toolName') ?? ''}${content === undefined ? '' : `(${content})`}`;
  });
  return titleLine(`Allow ${names.join(', ')} in this session`);
}
