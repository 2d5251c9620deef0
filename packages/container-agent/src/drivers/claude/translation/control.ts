import { type Json, object, optionalList, optionalObject, optionalText, text, WireError } from './json.ts';

/** A tool needs a permission: `permissionRequest` makes it a question, `permissionResponse` its answer. */
export interface CanUseToolMessage {
  readonly type: 'can_use_tool';
  readonly requestId: string;
  readonly toolName: string;
  readonly toolUseId?: string | undefined;
  readonly input: Json;
  /** Rules by which such calls would be allowed from now on; handed back verbatim. */
  readonly suggestions: readonly unknown[];
}

/** Any other question: `hook_callback`, `mcp_message`, `elicitation`. The program waits for its answer. */
export interface ControlRequestMessage {
  readonly type: 'control_request';
  readonly requestId: string;
  readonly subtype: string;
  readonly request: Json;
}

/** The answer to a question of ours. */
export interface ControlResponseMessage {
  readonly type: 'control_response';
  readonly requestId: string;
  /** Why it was not done; absent: it was. */
  readonly error?: string | undefined;
  readonly response: Json;
}

export function parseControlRequest(line: Json): CanUseToolMessage | ControlRequestMessage {
  const requestId = text(line, 'request_id');
  const request = object(line.request);
  const subtype = text(request, 'subtype');
  if (subtype !== 'can_use_tool') return { type: 'control_request', requestId, subtype, request };
  return {
    type: 'can_use_tool',
    requestId,
    toolName: text(request, 'tool_name'),
    toolUseId: optionalText(request, 'tool_use_id'),
    input: object(request.input),
    suggestions: optionalList(request, 'permission_suggestions'),
  };
}

export function parseControlResponse(line: Json): ControlResponseMessage {
  const body = object(line.response);
  const requestId = text(body, 'request_id');
  const response = optionalObject(body, 'response');
  const subtype = text(body, 'subtype');
  if (subtype === 'success') return { type: 'control_response', requestId, response };
  if (subtype !== 'error') throw new WireError(`a control_response that is a ${subtype}`);
  const error = optionalText(body, 'error') ?? 'it did not say why';
  return { type: 'control_response', requestId, error, response };
}
