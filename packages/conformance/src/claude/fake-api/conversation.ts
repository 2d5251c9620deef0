import { type Block, blocksOf, type JsonSchema, type MessagesBody, textOf } from './body.ts';

export interface ToolResult {
  readonly tool: string;
  readonly text: string;
  readonly failed: boolean;
}

/** What a person and a model said, without what Claude Code puts around it. */
export interface Conversation {
  /** Every prompt, oldest first; the last one is to be answered. */
  readonly prompts: readonly string[];
  /** What tools answered since the last prompt, in order. */
  readonly results: readonly ToolResult[];
  /** Claude Code did not accept the answer as the last word, by itself: it was empty, cut short, or refused. */
  readonly continued: boolean;
  /** The names of the tools that may be called at once. */
  readonly tools: readonly string[];
  /** The names of the tools that the tool ToolSearch has to load first. */
  readonly deferred: readonly string[];
  /** The answer may contain thoughts. */
  readonly thinking: boolean;
}

/** Text blocks in the name of the user that no user wrote. */
const around = [
  /^\s*<system-reminder>/,
  /^\s*<(?:command|local-command)-[a-z]+>/,
  /^\[Request interrupted/,
  // Put in by `--resume` where a turn was cut off.
  /^Continue from where you left off\.$/,
  // Comes with what the tool ToolSearch found.
  /^Tool loaded\.$/,
];
const isAround = (text: string): boolean => around.some((pattern) => pattern.test(text));

/** What Claude Code says, in the name of the user, to get a better answer. */
const continuations = [
  /^\[Your previous response had no visible output\./,
  /^Output token limit hit\./,
  /^Your response above was stopped by a safety classifier/,
];

export function readConversation(body: MessagesBody): Conversation {
  const prompts: string[] = [];
  const names = new Map<string, string>();
  let results: ToolResult[] = [];
  let continued = false;
  for (const { role, content } of body.messages) {
    const blocks = blocksOf(content);
    for (const [i, block] of blocks.entries()) {
      if (role === 'assistant' && block.type === 'tool_use') names.set(block.id ?? '', block.name ?? '');
      if (role !== 'user') continue;
      if (block.type === 'tool_result') results.push(readResult(block, names));
      if (block.type !== 'text' || block.text === undefined || isAround(block.text)) continue;
      continued = continuations.some((pattern) => pattern.test(block.text ?? ''));
      if (continued) continue;
      prompts.push(blocks[i + 1]?.type === 'text' ? withoutSeam(block.text) : block.text);
      results = [];
    }
  }
  const { type, display } = body.thinking ?? { type: 'disabled' };
  return {
    prompts,
    results,
    continued,
    tools: body.tools?.map((tool) => tool.name) ?? [],
    deferred: deferredTools(body),
    thinking: type !== 'disabled' && display !== 'omitted',
  };
}

/** Claude Code ends a text block by a newline when it puts another one behind it. */
const withoutSeam = (text: string): string => text.replace(/\n$/, '');

function readResult(block: Block, names: ReadonlyMap<string, string>): ToolResult {
  const text = textOf(block.content).replace(/\n*<system-reminder>[\s\S]*<\/system-reminder>\s*$/, '');
  return { tool: names.get(block.tool_use_id ?? '') ?? '', text, failed: block.is_error === true };
}

function deferredTools(body: MessagesBody): string[] {
  const lists = body.messages
    .flatMap(({ role, content }) => blocksOf(content).map((block) => (role === 'assistant' ? '' : (block.text ?? ''))))
    .flatMap((text) => text.match(/deferred tools are now available[^\n]*\n(?:\w+\n)+/g) ?? []);
  return lists.flatMap((list) => list.trim().split('\n').slice(1));
}

/**
 * Claude Code asks the model for titles, summaries and verdicts beside the conversation. Such a request offers no tools,
 * carries no reminders, and does without thoughts or wants JSON.
 */
export function isSideRequest(body: MessagesBody): boolean {
  if (body.max_tokens === 1) return true;
  if (body.system === undefined || (body.tools?.length ?? 0) > 0) return false;
  if (body.output_config?.format) return true;
  const reminded = body.messages.some(
    ({ role, content }) => role === 'system' || blocksOf(content).some((block) => isAround(block.text ?? '')),
  );
  return !reminded && (body.thinking ?? { type: 'disabled' }).type === 'disabled';
}

/** An answer to a side request that its asker understands: `ok`, or the JSON object that it wants. */
export function sideAnswer(body: MessagesBody): string {
  const schema = body.output_config?.format?.schema;
  return schema ? JSON.stringify(sample(schema)) : 'ok';
}

function sample(schema: JsonSchema): unknown {
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, property]) => [name, sample(property)]),
      );
    case 'array':
      return [];
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
      return 0;
    default:
      return 'Test';
  }
}

/** The id that Claude Code gives its session, or ''. */
export function sessionOf(body: MessagesBody): string {
  return /session_id\\?":\\?"([^"\\]+)/.exec(body.metadata?.user_id ?? '')?.[1] ?? '';
}
