import type { ClaudeMessage } from './translation/message.ts';
import { turnMark } from './turn-mark.ts';

/** How many further prompts may meet a turn that a background task has caused. */
const DOUBTFUL_TURNS = 2;
/** Of held lines, in characters: beyond it they are the command's. */
const HELD_LIMIT = 16 * 1024 * 1024;

/**
 * Tells the command's turn from those that Claude Code begins by itself, when a background task of its has ended. Newer
 * versions announce each prompt before its turn. Older ones repeat it somewhere in its turn: where one of their own may
 * come first, a turn's messages are held until they are known to be the command's; else its `init` begins it. What comes
 * before is a late word of the turn before.
 */
export class ProgramTurns {
  readonly #dropped: () => void;
  #uuid: string | undefined;
  #begun = false;
  /** What shows that the prompt's turn has begun. */
  #proof: 'init' | 'mark' = 'init';
  #held: ClaudeMessage[] = [];
  #heldLength = 0;
  #announces = false;
  #doubts = 0;
  #own = false;
  #ownEnded: (() => void)[] = [];

  /** @param dropped Claude Code is done with the prompt, and has not said how it ended */
  constructor(dropped: () => void) {
    this.#dropped = dropped;
  }

  /** Claude Code is in a turn of its own. */
  get isOwn(): boolean {
    return this.#own;
  }

  /** Resolves when it is in none. */
  ownEnded(): Promise<void> {
    return this.#own ? new Promise((resolve) => this.#ownEnded.push(resolve)) : Promise.resolve();
  }

  /** Its own turn was interrupted: whether it says so any more cannot be known. */
  forgetOwn(): void {
    if (!this.#own) return;
    this.#doubts = DOUBTFUL_TURNS;
    this.#setOwn(false);
  }

  /** A prompt is about to be written. */
  expect(uuid: string, text: string): void {
    this.#uuid = uuid;
    this.#begun = false;
    // Older versions do not repeat a command of their own.
    this.#proof = this.#announces || (this.#doubts > 0 && !text.startsWith('/')) ? 'mark' : 'init';
  }

  /** The command's turn has ended. */
  over(): void {
    this.#uuid = undefined;
    this.#doubts = Math.max(0, this.#doubts - 1);
    this.#release();
  }

  /** @returns what is the command's: nothing, this message, or it and those that were held */
  take(message: ClaudeMessage, line: string): readonly ClaudeMessage[] {
    if (message.type === 'system' && message.subtype === 'task_notification') this.#doubts = DOUBTFUL_TURNS;
    if (this.#uuid === undefined) {
      this.#watchOwn(message);
      return [];
    }
    const mark = turnMark(line, this.#uuid);
    if (mark === 'queued') {
      this.#announces = true;
      this.#begun = false;
      this.#proof = 'mark';
    }
    if (mark === 'begun') {
      const held = this.#release();
      this.#begun = true;
      return message.type === 'user' ? held : [...held, message];
    }
    if (mark === 'done') {
      this.#dropped();
      return [];
    }
    if (message.type === 'init' && this.#proof === 'init') this.#begun = true;
    if (this.#begun) return [message];
    return this.#proof === 'mark' && !this.#announces ? this.#hold(message, line) : [];
  }

  #hold(message: ClaudeMessage, line: string): readonly ClaudeMessage[] {
    if (message.type === 'result') {
      this.#release();
      return [];
    }
    this.#held.push(message);
    this.#heldLength += line.length;
    if (this.#heldLength <= HELD_LIMIT) return [];
    this.#begun = true;
    return this.#release();
  }

  #release(): readonly ClaudeMessage[] {
    const held = this.#held;
    this.#held = [];
    this.#heldLength = 0;
    return held;
  }

  #watchOwn(message: ClaudeMessage): void {
    const begins =
      (message.type === 'system' && message.subtype === 'status' && message.fields.status === 'requesting') ||
      (message.type === 'stream_event' && message.event.type === 'message_start');
    if (begins) this.#setOwn(true);
    else if (message.type === 'result') this.#setOwn(false);
  }

  #setOwn(own: boolean): void {
    this.#own = own;
    if (!own) for (const ended of this.#ownEnded.splice(0)) ended();
  }
}
