const REPAIRS = 3;

/** What to do with a line of the journal, or about one that is missing. */
export type Verdict = 'deliver' | 'wait' | 'ask-again' | 'broken';

/**
 * Keeps watch over the sequence numbers of one journal as they arrive. A hole, or a line that could not be read, is asked
 * for again; an agent that cannot give it is broken.
 */
export class LineOrder {
  #expected = 0;
  #asking = false;
  #repairs = 0;

  /** The number of the line that comes next when nothing is missing. */
  get expected(): number {
    return this.#expected;
  }

  get last(): number {
    return Math.max(0, this.#expected - 1);
  }

  /** The agent begins, or begins again, right after this line. */
  begin(lastSeq: number): void {
    this.#expected = lastSeq + 1;
    this.#asking = false;
    this.#repairs = 0;
  }

  line(seq: number): Verdict {
    if (seq > this.#expected) return this.missing();
    if (seq === this.#expected) {
      this.#asking = false;
      this.#repairs = 0;
    }
    // Earlier ones: the agent reads from an earlier place for somebody; the others have seen them.
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
