/** What is read of a request to the Messages API. Everything else is ignored. */
export interface MessagesBody {
  readonly model?: string | undefined;
  readonly stream?: boolean | undefined;
  readonly max_tokens?: number | undefined;
  readonly system?: string | readonly Block[] | undefined;
  readonly messages: readonly Message[];
  readonly tools?: readonly { readonly name: string }[] | undefined;
  readonly thinking?: { readonly type: string; readonly display?: string | undefined } | undefined;
  readonly output_config?: { readonly format?: { readonly schema?: JsonSchema | undefined } | undefined } | undefined;
  readonly metadata?: { readonly user_id?: string | undefined } | undefined;
}

export interface Message {
  readonly role: string;
  readonly content: string | readonly Block[];
}

export interface Block {
  readonly type: string;
  readonly text?: string | undefined;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly tool_use_id?: string | undefined;
  readonly is_error?: boolean | undefined;
  readonly content?: string | readonly Block[] | undefined;
}

export interface JsonSchema {
  readonly type?: string | undefined;
  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined;
}

/** The body of a request to the Messages API; undefined where the text is none. */
export function parseBody(text: string): MessagesBody | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && 'messages' in body && Array.isArray(body.messages)
      ? (body as MessagesBody)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A content as blocks: the API allows a string for one text block. */
export function blocksOf(content: string | readonly Block[] | undefined): readonly Block[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
}

/** The text of a content; what is no text is left out. */
export function textOf(content: string | readonly Block[] | undefined): string {
  return blocksOf(content)
    .map((block) => block.text ?? '')
    .join('');
}
