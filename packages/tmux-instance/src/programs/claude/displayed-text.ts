/** The text of one turn, as hooks tell it: in pieces by message, not always in order, the last ones perhaps after the end. */
export class DisplayedText {
  readonly #messages = new Map<
    string,
    { next: number; final: boolean; readonly waiting: Map<number, { text: string; final: boolean }> }
  >();

  /** @returns the text that can be given on now */
  piece(message: string, index: number, text: string, final: boolean): string {
    const known = this.#messages.get(message) ?? { next: 0, final: false, waiting: new Map() };
    this.#messages.set(message, known);
    known.waiting.set(index, { text, final });
    let joined = '';
    for (let piece = known.waiting.get(known.next); piece !== undefined; piece = known.waiting.get(known.next)) {
      known.waiting.delete(known.next);
      known.next += 1;
      known.final ||= piece.final;
      joined += piece.text;
    }
    return joined;
  }

  /** Every message that has begun has come to its end. */
  get isWhole(): boolean {
    return this.#messages.size > 0 && [...this.#messages.values()].every(({ final }) => final);
  }
}
