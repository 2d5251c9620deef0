import { randomUUID } from 'node:crypto';
import type { RunEnd } from '@ccb/instance-interface';
import type { Turn } from '../driver.ts';
import type { Ledger } from './translation/ledger.ts';
import type { ClaudeMessage } from './translation/message.ts';
import { Translator, type TranslatorOutput } from './translation/translator.ts';

/** One command in Claude Code: its prompt, its translation, its end. */
export class ClaudeTurn {
  readonly turn: Turn;
  readonly uuid: string = randomUUID();
  readonly translator: Translator;
  readonly ended: Promise<RunEnd>;
  /** ms since the epoch, once the prompt is written. */
  writtenAt: number | undefined;
  #settle: (end: RunEnd) => void = () => {};
  #isOver = false;

  constructor(turn: Turn, ledger: Ledger) {
    this.turn = turn;
    const out: TranslatorOutput = {
      text: (text) => turn.write('stdout', text),
      update: (update) => turn.update(update),
    };
    this.translator = new Translator(out, ledger);
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The line to write. */
  prompt(): object {
    this.writtenAt = Date.now();
    const message = { role: 'user', content: this.turn.text };
    return { type: 'user', message, uuid: this.uuid, parent_tool_use_id: null };
  }

  take(message: ClaudeMessage): RunEnd | undefined {
    return this.translator.take(message);
  }

  /** The first one stands. */
  end(end: RunEnd): void {
    this.#isOver = true;
    this.#settle(end);
  }
}
