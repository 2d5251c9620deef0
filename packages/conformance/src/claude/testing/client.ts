import type { Block, Message, MessagesBody } from '../fake-api/body.ts';

export interface Answer {
  readonly status: number;
  /** The text deltas. */
  readonly pieces: readonly string[];
  readonly text: string;
  readonly thoughts: string;
  readonly tools: readonly { readonly name: string; readonly input: unknown; readonly id: string }[];
  readonly stopReason: string | undefined;
  /** The names of the events, in order. */
  readonly events: readonly string[];
}

interface Event {
  readonly type: string;
  readonly index: number;
  readonly content_block: Block;
  readonly delta: { type: string; text?: string; thinking?: string; partial_json?: string; stop_reason?: string };
}

export const user = (...texts: string[]): Message => ({
  role: 'user',
  content: texts.map((text) => ({ type: 'text', text })),
});

/** A request as Claude Code makes it, in short. */
export function bodyOf(messages: readonly Message[], more: Partial<MessagesBody> = {}): MessagesBody {
  const tools = ['Bash', 'Write', 'TodoWrite'].map((name) => ({ name }));
  return {
    model: 'claude-test',
    max_tokens: 1000,
    stream: true,
    tools,
    messages,
    thinking: { type: 'adaptive' },
    ...more,
  };
}

export function post(url: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return fetch(`${url}/v1/messages?beta=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'test-key' },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
}

/** Asks for a stream and reads it to its end. */
export async function ask(url: string, prompt: string | MessagesBody): Promise<Answer> {
  const response = await post(url, typeof prompt === 'string' ? bodyOf([user(prompt)]) : prompt);
  const parts = (await response.text()).split('\n\n').filter((part) => part.startsWith('event: '));
  const events = parts.map((part) => JSON.parse(part.slice(part.indexOf('\ndata: ') + 7)) as Event);
  const deltas = events.filter(({ type }) => type === 'content_block_delta');
  const pieces = deltas.flatMap(({ delta }) => delta.text ?? []);
  const json = (index: number): string =>
    deltas.flatMap((event) => (event.index === index ? (event.delta.partial_json ?? []) : [])).join('');
  return {
    status: response.status,
    pieces,
    text: pieces.join(''),
    thoughts: deltas.map(({ delta }) => delta.thinking ?? '').join(''),
    tools: events
      .filter((event) => event.content_block?.type === 'tool_use')
      .map(({ index, content_block: { name = '', id = '' } }) => ({ name, id, input: JSON.parse(json(index)) })),
    stopReason: events.find(({ type }) => type === 'message_delta')?.delta.stop_reason,
    events: events.map(({ type }) => type),
  };
}

/** What Claude Code sends when tools have run: the calls, and what each of them answered. */
export function withResults(
  body: MessagesBody,
  { tools }: Answer,
  results: readonly { readonly text: string; readonly failed?: boolean }[],
): MessagesBody {
  const calls = tools.map((tool) => ({ type: 'tool_use', ...tool }));
  const answers = results.map(({ text, failed = false }, i) => ({
    type: 'tool_result',
    tool_use_id: tools[i]?.id ?? '',
    content: text,
    is_error: failed,
  }));
  return {
    ...body,
    messages: [...body.messages, { role: 'assistant', content: calls }, { role: 'user', content: answers }],
  };
}
