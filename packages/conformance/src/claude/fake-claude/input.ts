/** A line of stdin that the program acts on. */
export type Input =
  | { readonly type: 'prompt'; readonly text: string; readonly uuid: string | undefined }
  | { readonly type: 'request'; readonly id: string; readonly request: Readonly<Record<string, unknown>> }
  | { readonly type: 'answer'; readonly id: string; readonly answer: Answer }
  | { readonly type: 'nothing' };

/** What somebody said to a request of the program. */
export type Answer =
  | { readonly type: 'success'; readonly response: Readonly<Record<string, unknown>> }
  | { readonly type: 'error'; readonly message: string };

/** Understands a line. @throws {TypeError} with the message with which the program dies of it */
export function parseInput(line: string): Input {
  if (line === '') return { type: 'nothing' };
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    throw new TypeError(`Error parsing streaming input line: ${line}: SyntaxError: JSON Parse error: Expected '}'`);
  }
  if (message === null) {
    throw new TypeError(
      "Error parsing streaming input line: null: TypeError: null is not an object (evaluating 't.type')",
    );
  }
  const { type } = record(message);
  if (type === 'user') return prompt(line, record(message));
  if (type === 'control_request') {
    const { request_id: id, request } = record(message);
    return { type: 'request', id: String(id), request: record(request) };
  }
  if (type === 'control_response') return answer(record(record(message).response));
  return { type: 'nothing' };
}

function prompt(line: string, message: Readonly<Record<string, unknown>>): Input {
  if (typeof message.message !== 'object' || message.message === null) {
    throw new TypeError(
      `Error parsing streaming input line: ${line}: TypeError: undefined is not an object (evaluating 't.message.role')`,
    );
  }
  const { role, content } = record(message.message);
  if (role !== 'user') throw new TypeError(`Error: Expected message role 'user', got '${String(role)}'`);
  if (typeof content !== 'string' && !Array.isArray(content)) {
    throw new TypeError('Error: the content of a user message is a text or an array of blocks');
  }
  const text = typeof content === 'string' ? content : textOf(content);
  return { type: 'prompt', text, uuid: typeof message.uuid === 'string' ? message.uuid : undefined };
}

function answer(response: Readonly<Record<string, unknown>>): Input {
  const id = String(response.request_id);
  if (response.subtype === 'error')
    return { type: 'answer', id, answer: { type: 'error', message: String(response.error) } };
  return { type: 'answer', id, answer: { type: 'success', response: record(response.response) } };
}

function textOf(blocks: readonly unknown[]): string {
  return blocks
    .map(record)
    .filter((block) => block.type === 'text')
    .map((block) => String(block.text))
    .join('\n');
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
