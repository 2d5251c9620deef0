import { parsePrompt, writtenText } from '../prompt.ts';
import type { Conversation, ToolResult } from './conversation.ts';
import { piecesOf } from './pieces.ts';
import { nextPlanStep } from './plan.ts';

export type ReplyBlock = { readonly type: 'text' | 'thinking'; readonly pieces: readonly string[] } | ToolUse;

export interface ToolUse {
  readonly type: 'tool_use';
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface MessageReply {
  readonly type: 'message';
  readonly blocks: readonly ReplyBlock[];
  readonly stopReason: 'end_turn' | 'tool_use' | 'refusal' | 'max_tokens';
  /** ms before each piece after the first. */
  readonly pauseMs: number;
  /** What follows the blocks in place of an end. */
  readonly instead?: 'hang' | 'cut' | undefined;
}

/** What the fake model answers; an error is an HTTP status. */
export type Reply = MessageReply | { readonly type: 'error'; readonly status: number };

/** Says whether an `error: … once` of this conversation has to fail now. */
export type FailsNow = (conversation: Conversation) => boolean;

/** The answer to the last prompt of a conversation, or to what a tool said since. */
export function decideReply(conversation: Conversation, failsNow: FailsNow): Reply {
  const reply = answerOf(conversation, failsNow);
  // There is nothing to add: the texts of all answers joined stay what the prompt asked for.
  return reply.type === 'message' && conversation.continued ? { ...reply, blocks: [] } : reply;
}

function answerOf(conversation: Conversation, failsNow: FailsNow): Reply {
  const { prompts } = conversation;
  const script = parsePrompt(prompts.at(-1) ?? '');
  switch (script.type) {
    case 'say':
      return say(script.text);
    case 'lines':
      return say(Array.from({ length: script.count }, (_, i) => `${i + 1}\n`).join(''));
    case 'slow':
      return { ...message(text(Array.from({ length: script.count }, (_, i) => `w${i} `))), pauseMs: 100 };
    case 'big':
      return message(text(['x'.repeat(script.count)]));
    case 'think':
      return think(script.text, conversation);
    case 'hang':
    case 'cut':
      return { ...message(text(['begun\n'])), instead: script.type };
    case 'bash':
      return useTool(bash(script.command), conversation);
    case 'ask':
      return useTool(bash('touch ccb-asked'), conversation, ({ failed }) => (failed ? 'denied' : 'allowed'));
    case 'write': {
      const input = { file_path: script.path, content: writtenText };
      return useTool({ type: 'tool_use', name: 'Write', input }, conversation);
    }
    case 'plan':
      return plan(conversation);
    case 'error':
      return script.once && !failsNow(conversation) ? say('recovered') : { type: 'error', status: script.status };
    case 'refuse':
      return { ...say('no'), stopReason: 'refusal' };
    case 'max':
      return { ...say('too lo'), stopReason: 'max_tokens' };
    case 'recall':
      return say(
        prompts
          .slice(0, -1)
          .map((prompt) => `${prompt}\n`)
          .join(''),
      );
  }
}

const text = (pieces: readonly string[]): ReplyBlock => ({ type: 'text', pieces });

function message(...blocks: ReplyBlock[]): MessageReply {
  const stopReason = blocks.some((block) => block.type === 'tool_use') ? 'tool_use' : 'end_turn';
  return { type: 'message', blocks, stopReason, pauseMs: 0 };
}

/** A message of this text. */
export function say(words: string): MessageReply {
  return words === '' ? message() : message(text(piecesOf(words)));
}

function think(thought: string, { thinking }: Conversation): MessageReply {
  const answer = text(piecesOf('thought'));
  return thinking ? message({ type: 'thinking', pieces: piecesOf(thought) }, answer) : message(answer);
}

const bash = (command: string): ToolUse => ({
  type: 'tool_use',
  name: 'Bash',
  input: { command, description: 'Run what the prompt says' },
});

const toldBy = ({ failed, text }: ToolResult): string => `tool ${failed ? 'failed' : 'said'}: ${text}`;

/** Calls the tool; then puts its result into words. */
function useTool(
  use: ToolUse,
  { results, tools }: Conversation,
  inWords: (result: ToolResult) => string = toldBy,
): MessageReply {
  const result = results.at(-1);
  if (result) return say(inWords(result));
  return tools.includes(use.name) ? message(use) : say(`no tool ${use.name}`);
}

function plan(conversation: Conversation): MessageReply {
  const step = nextPlanStep(conversation);
  return typeof step === 'string' ? say(step) : message(...step);
}
