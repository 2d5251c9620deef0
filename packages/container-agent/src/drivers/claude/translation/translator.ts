import type { CommandUpdate, RunEnd } from '@ccb/instance-interface';
import type { ClaudeMessage } from './message.ts';

/** Where a turn's translation goes. */
export interface TranslatorOutput {
  text(text: string, messageId?: string): void;
  update(update: Exclude<CommandUpdate, { type: 'text' } | { type: 'end' }>): void;
}

/** A tool call whose result has not come. */
export interface OpenTool {
  readonly toolCallId: string;
  readonly name: string;
  /** For people: "Bash: ls -la". */
  readonly title: string;
  /** When it was seen first, as `performance.now()` has it. */
  readonly since: number;
}

/** Makes updates of what Claude Code says in one turn. One per turn. */
export class Translator {
  readonly #out: TranslatorOutput;

  constructor(out: TranslatorOutput) {
    this.#out = out;
  }

  /** @returns how the turn ended, once it has */
  take(message: ClaudeMessage): RunEnd | undefined {
    void this.#out;
    void message;
    return undefined;
  }

  get openTools(): readonly OpenTool[] {
    return [];
  }

  /** The model's, of the message that it wrote last: `end_turn` where the answer is complete though no result came. */
  get stopReason(): string | undefined {
    return undefined;
  }
}
