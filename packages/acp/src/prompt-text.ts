import { type ContentBlock, RequestError } from '@agentclientprotocol/sdk';

/** What an editor puts into a prompt, as the one text that a command is. @throws {RequestError} for what is no text */
export function promptText(blocks: readonly ContentBlock[]): string {
  const text = blocks.map(blockText).join('\n').trim();
  if (text === '') throw RequestError.invalidParams({}, 'the prompt is empty');
  return text;
}

function blockText(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'resource_link':
      return block.title ? `[${block.title}](${block.uri})` : block.uri;
    case 'resource':
      if ('text' in block.resource) return `<context ref="${block.resource.uri}">\n${block.resource.text}\n</context>`;
      throw refusal('embedded files that are no text');
    case 'image':
    case 'audio':
      throw refusal(`a prompt with an ${block.type}`);
    default:
      throw refusal(`a prompt with ${JSON.stringify((block as { readonly type: string }).type)}`);
  }
}

function refusal(what: string): RequestError {
  return RequestError.invalidParams({}, `${what} cannot be sent: commands are text`);
}
