/** Where some of a segment's lines start: enough to find any other by a short scan. */
export class SparseIndex {
  readonly #step: number;
  readonly #seqs: number[] = [];
  readonly #offsets: number[] = [];

  /** `step`: bytes between two entries, at least. */
  constructor(step: number) {
    this.#step = step;
  }

  /** The line `seq` starts at `offset`. In ascending order. */
  add(seq: number, offset: number): void {
    const last = this.#offsets.at(-1);
    if (last !== undefined && offset - last < this.#step) return;
    this.#seqs.push(seq);
    this.#offsets.push(offset);
  }

  /** Forgets the line `seq` and everything after. */
  cut(seq: number): void {
    while ((this.#seqs.at(-1) ?? 0) >= seq) {
      this.#seqs.pop();
      this.#offsets.pop();
    }
  }

  /** The nearest entry at or before the line `seq`. */
  floor(seq: number): { readonly seq: number; readonly offset: number } | undefined {
    let low = 0;
    let high = this.#seqs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#seqs[middle] as number) <= seq) low = middle + 1;
      else high = middle;
    }
    const found = this.#seqs[low - 1];
    return found === undefined ? undefined : { seq: found, offset: this.#offsets[low - 1] as number };
  }
}
