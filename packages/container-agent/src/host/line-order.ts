const REPAIRS = 3;

/** What to do with a line of the journal, or about one that is missing. */
export type Verdict = 'deliver' | 'wait' | 'ask-again' | 'broken';

/**
 * Keeps watch over the sequence numbers of one journal as they arrive. A hole, or a line that could not be read, is asked
 * for again; an agent that cannot give it is broken.
 */
export class LineOrder {
  #expected = 1;
  #asking = false;
  #repairs = 0;

  /** The number of the line that comes next when nothing is missing. */
  get expected(): number {
    return this.#expected;
  }

  get last(): number {
    return this.#expected - 1;
  }

  /** The agent begins, or begins again, right after this line. */
  begin(lastSeq: number): void {
    this.#expected = lastSeq + 1;
    this.#asking = false;
    this.#repairs = 0;
  }

  /** The agent has gone back to right after this line, for whoever asked. What is missing now is missing anew. */
  resumed(after: number, upTo: number): void {
    this.#expected = Math.min(this.#expected, after + 1);
    this.#asking = false;
    if (this.last >= upTo) this.#repairs = 0;
  }

  line(seq: number): Verdict {
    if (seq > this.#expected) return this.missing();
    if (seq === this.#expected) {
      this.#asking = false;
      this.#repairs = 0;
    }
    // Earlier ones: a command that was known already is given again; the others have seen its lines.
    this.#expected = seq + 1;
    return 'deliver';
  }

  /** A line could not be read, or was not there. */
  missing(): Verdict {
    if (this.#asking) return 'wait';
    if (this.#repairs >= REPAIRS) return 'broken';
    this.#asking = true;
    this.#repairs += 1;
    return 'ask-again';
  }
}
