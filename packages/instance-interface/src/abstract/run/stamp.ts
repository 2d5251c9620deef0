import type { AnswerPosition } from '../answer/answer.ts';

/** Positions for backends without a journal: they mean something only while this handle lives. */
export class Stamp {
  #seq = 0;

  next(): AnswerPosition {
    const seq = ++this.#seq;
    return { cursor: `local.${seq}`, at: new Date().toISOString(), seq };
  }
}
