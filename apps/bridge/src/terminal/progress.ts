import type { CommandEvent, CommandUpdate, StallCause } from '@ccb/instance-interface';
import { printable } from './printable.ts';

type Plan = Extract<CommandUpdate, { type: 'plan' }>;
type Status = Extract<CommandUpdate, { type: 'status' }>;

/** What a program does in one command, told from its events in few words, for the person who waits. */
export class Progress {
  readonly #program: string;
  /** Tools at work, by their ids, oldest first. */
  readonly #tools = new Map<string, string>();
  /** Questions without an answer, by their ids. */
  readonly #questions = new Set<string>();
  #step: string | undefined;
  /** What holds until anything else happens. */
  #news: string | undefined;
  #interrupted = false;

  constructor(program: string) {
    this.#program = program;
  }

  /** To be called when the person has interrupted the command: nothing else matters then. */
  interrupt(): void {
    this.#interrupted = true;
  }

  take(event: CommandEvent): void {
    this.#news = undefined;
    switch (event.type) {
      case 'thought':
        this.#news = `${this.#program} thinks`;
        return;
      case 'tool_call':
      case 'tool_call_update':
        this.#tool(event);
        return;
      case 'permission_request':
        this.#questions.add(event.requestId);
        return;
      case 'permission_resolved':
        this.#questions.delete(event.requestId);
        return;
      case 'plan':
        this.#step = stepOf(event);
        return;
      case 'status':
        if (!isWarning(event)) this.#news = newsOf(this.#program, event);
        return;
    }
  }

  /** What is waited for now. One line, no escapes. */
  get activity(): string {
    if (this.#interrupted) return 'interrupting';
    if (this.#news !== undefined) return this.#news;
    if (this.#questions.size > 0) return `${this.#program} waits for a permission`;
    const tool = [...this.#tools.values()].at(-1);
    if (tool !== undefined) return `${this.#program} uses ${tool}`;
    if (this.#step !== undefined) return `${this.#program} works on ${this.#step}`;
    return `waiting for ${this.#program}`;
  }

  #tool({ toolCallId, title, status }: Extract<CommandEvent, { type: 'tool_call' | 'tool_call_update' }>): void {
    if (status === 'completed' || status === 'failed') this.#tools.delete(toolCallId);
    else if (title !== undefined) this.#tools.set(toolCallId, printable(title));
  }
}

/** A status in words: "claude: attempt 1 of 10 in 0.5 s: overloaded (529)". */
export function newsOf(program: string, { status, message }: Status): string {
  return `${program}: ${printable(message ?? status)}`;
}

/** Does a status stand on a line of its own, because it tells of trouble? */
export function isWarning({ status, cause }: Status): boolean {
  return status === 'restarted' || status === 'retry' || isTrouble(cause);
}

/** A silence that does not end by itself, unlike that of a program that works or waits for an answer. */
function isTrouble(cause: StallCause | undefined): boolean {
  return cause === 'frozen' || cause === 'dead' || cause === 'unfinished';
}

/** "2 of 3: Second step", while a step of the plan is being done. */
function stepOf({ entries }: Plan): string | undefined {
  const index = entries.findIndex(({ status }) => status === 'in_progress');
  const entry = entries[index];
  return entry === undefined ? undefined : `${index + 1} of ${entries.length}: ${printable(entry.content)}`;
}
