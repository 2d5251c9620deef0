import { createInterface } from 'node:readline/promises';
import type {
  PermissionAnswer,
  PermissionHandler,
  PermissionOptionKind,
  PermissionRequest,
} from '@ccb/instance-interface';
import { printable } from './printable.ts';
import type { StatusLine } from './status-line.ts';
import { discardTypedAhead } from './typed-ahead.ts';

export interface PermissionTerminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly status: StatusLine;
}

type Option = PermissionRequest['options'][number];

/** What may be typed in place of a number; the first letter will do. */
const WORDS: readonly { readonly word: string; readonly kind: PermissionOptionKind }[] = [
  { word: 'yes', kind: 'allow_once' },
  { word: 'always', kind: 'allow_always' },
  { word: 'no', kind: 'reject_once' },
];

/** Asks the person at the terminal, one request at a time. No answer (an empty line, the end of input) is a no. */
export function permissionPrompt(terminal: PermissionTerminal): PermissionHandler {
  let turn: Promise<unknown> = Promise.resolve();
  return (request, { signal }) => {
    const answer = turn.then(() => ask(terminal, request, signal));
    turn = answer.catch(() => undefined);
    return answer;
  };
}

async function ask(
  { input, output, status }: PermissionTerminal,
  request: PermissionRequest,
  signal: AbortSignal,
): Promise<PermissionAnswer> {
  signal.throwIfAborted();
  status.erase();
  status.hold('question', true);
  discardTypedAhead(input);
  output.write(`${question(request)}\n`);
  // Without readline's own line editing the terminal keeps Ctrl-C a signal, and so a way out of the command.
  const lines = createInterface({ input, output, terminal: false });
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  try {
    for (;;) {
      const typed = (await Promise.race([lines.question(prompt(request), { signal }), ended])).trim();
      if (typed === '') return refusal(request);
      const option = request.options[Number(typed) - 1] ?? optionOfWord(request, typed);
      if (option !== undefined) return { optionId: option.optionId };
    }
  } finally {
    lines.close();
    status.hold('question', false);
  }
}

function question({ toolCall, options }: PermissionRequest): string {
  const details = toolCall.rawInput === undefined ? [] : [`  ${shorten(printable(JSON.stringify(toolCall.rawInput)))}`];
  const title = printable(toolCall.title ?? toolCall.kind ?? 'a tool');
  const choices = options.map(({ name }, index) => `  ${index + 1}) ${printable(name)}`);
  return [`The program asks to use: ${title}`, ...details, ...choices].join('\n');
}

function prompt({ options }: PermissionRequest): string {
  const offered = WORDS.filter(({ kind }) => options.some((option) => option.kind === kind));
  const words = offered.map(({ word }) => `, ${word}`).join('');
  return `Number (1-${options.length})${words} (Enter alone is no): `;
}

function optionOfWord({ options }: PermissionRequest, typed: string): Option | undefined {
  const lower = typed.toLowerCase();
  const kind = WORDS.find(({ word }) => lower === word || lower === word.charAt(0))?.kind;
  return options.find((option) => option.kind === kind);
}

function refusal({ options }: PermissionRequest): PermissionAnswer {
  const no = options.find(({ kind }) => kind === 'reject_once') ?? options.find(({ kind }) => kind === 'reject_always');
  return no === undefined ? 'cancelled' : { optionId: no.optionId };
}

function shorten(text: string): string {
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
