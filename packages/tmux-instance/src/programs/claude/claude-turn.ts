import { type ToolQuestion, toolPermission, toolVerdict } from '@ccb/container-agent';
import type { InstanceError } from '@ccb/instance-interface';
import type { Command, RunEnd } from '@ccb/instance-interface/abstract';
import { withResolvers } from '../resolvers.ts';
import { UpdateQueue } from '../update-queue.ts';
import { DisplayedText } from './displayed-text.ts';
import { type HookEvent, textOf } from './hook-event.ts';
import { toolEvent } from './tool-events.ts';

/** How long the last piece of a text may come after the end of its turn, in ms. */
const tailMs = 2_000;
const completedBy = 'claude-hooks';

/** One prompt, from its typing to the hook that ends its turn. */
export class ClaudeTurn {
  readonly updates: UpdateQueue = new UpdateQueue();
  readonly #command: Command;
  readonly #answer: (event: HookEvent, answer: unknown) => void;
  readonly #text = new DisplayedText();
  readonly #taken = withResolvers();
  readonly #whenOver = withResolvers();
  #isTaken = false;
  #isOver = false;
  #prompt: string | undefined;
  #end: RunEnd | undefined;
  #tail: NodeJS.Timeout | undefined;

  constructor(command: Command, answer: (event: HookEvent, answer: unknown) => void) {
    this.#command = command;
    this.#answer = answer;
  }

  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** Resolves when the prompt was taken, or the turn is over. */
  get whenTaken(): Promise<void> {
    return this.#taken.promise;
  }

  /** Resolves when the turn is over. */
  get whenOver(): Promise<void> {
    return this.#whenOver.promise;
  }

  heard(event: HookEvent): void {
    const prompt = textOf(event.fields.prompt_id);
    // What is still told of the turn before.
    if (event.name !== 'UserPromptSubmit' && prompt !== this.#prompt) return;
    switch (event.name) {
      case 'UserPromptSubmit':
        if (this.#isTaken) return;
        this.#isTaken = true;
        this.#prompt = prompt;
        this.#taken.resolve();
        return;
      case 'MessageDisplay':
        this.#displayed(event);
        return;
      case 'PreToolUse':
      case 'PostToolUse':
      case 'PostToolUseFailure': {
        const update = toolEvent(event);
        if (update !== undefined) this.updates.push(update);
        return;
      }
      case 'PermissionRequest':
        void this.#ask(event);
        return;
      case 'Stop':
        this.#stopped();
        return;
      case 'StopFailure':
        this.#over({ success: false, completedBy, error: failureOf(event) });
        return;
    }
  }

  /** It was interrupted. */
  interrupted(): void {
    this.#over({ success: false, completedBy, stopReason: 'cancelled' });
  }

  fail(error: InstanceError | Error): void {
    clearTimeout(this.#tail);
    this.updates.fail(error);
    this.#taken.resolve();
    this.#whenOver.resolve();
  }

  #displayed({ fields }: HookEvent): void {
    const { message_id: message, index, delta, final } = fields;
    if (typeof message !== 'string' || typeof index !== 'number' || typeof delta !== 'string') return;
    this.updates.push(this.#text.piece(message, index, delta, final === true));
    if (this.#end !== undefined && this.#text.isWhole) this.#over(this.#end);
  }

  /** The hook of the end can be faster than the one of the last words. */
  #stopped(): void {
    this.#end = { success: true, completedBy, stopReason: 'end_turn' };
    if (this.#text.isWhole) this.#over(this.#end);
    else this.#tail = setTimeout(() => this.#over(this.#end as RunEnd), tailMs);
  }

  /** The program said that it ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  #over(end: RunEnd): void {
    this.#isOver = true;
    clearTimeout(this.#tail);
    this.updates.end(end);
    this.#taken.resolve();
    this.#whenOver.resolve();
  }

  async #ask(event: HookEvent): Promise<void> {
    const question = questionOf(event);
    const verdict = toolVerdict(question, await this.#command.ask(toolPermission(question)));
    this.#answer(event, decision(verdict));
  }
}

/** The answer to a question that nobody is there for. */
export function denial(event: HookEvent): unknown {
  return decision(toolVerdict(questionOf(event), 'reject_once'));
}

function decision(verdict: object): unknown {
  return { hookSpecificOutput: { hookEventName: 'PermissionRequest', decision: verdict } };
}

function questionOf({ fields, file }: HookEvent): ToolQuestion {
  const { tool_name: tool, tool_input: input, tool_use_id: id, permission_suggestions: suggestions } = fields;
  const toolUseId = textOf(id);
  return {
    type: 'can_use_tool',
    requestId: file.slice(file.lastIndexOf('/') + 1),
    toolName: textOf(tool) ?? 'a tool',
    ...(toolUseId !== undefined && { toolUseId }),
    input: typeof input === 'object' && input !== null ? (input as ToolQuestion['input']) : {},
    suggestions: Array.isArray(suggestions) ? suggestions : [],
  };
}

function failureOf({ fields }: HookEvent): NonNullable<RunEnd['error']> {
  const message =
    textOf(fields.last_assistant_message) ?? textOf(fields.error) ?? 'Claude Code ended the turn with an error';
  return { code: 'CCB_COMMAND_FAILED', message, retryable: false };
}
