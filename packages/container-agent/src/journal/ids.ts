import type { Mark } from './line.ts';

/** Begun ids that are remembered. */
export const MAX_IDS = 10_000;

export interface KnownId {
  readonly digest: string;
  readonly beginSeq: number;
  /** Absent while the command has no end in the journal. */
  readonly endSeq?: number | undefined;
}

/** The last ids that were begun, oldest first. */
export class IdIndex {
  readonly #ids = new Map<string, KnownId>();
  /** The order of the begins: the oldest key of a map that shrinks at its front is slow to find. */
  readonly #ring: { readonly id: string; readonly seq: number }[] = [];
  #next = 0;

  begin(id: string, digest: string, seq: number): void {
    if (this.#ids.get(id)?.beginSeq === seq) return;
    const oldest = this.#ring[this.#next];
    if (oldest && this.#ids.get(oldest.id)?.beginSeq === oldest.seq) this.#ids.delete(oldest.id);
    this.#ring[this.#next] = { id, seq };
    this.#next = (this.#next + 1) % MAX_IDS;
    this.#ids.delete(id);
    this.#ids.set(id, { digest, beginSeq: seq });
  }

  end(id: string, seq: number): void {
    const known = this.#ids.get(id);
    if (known) this.#ids.set(id, { digest: known.digest, beginSeq: known.beginSeq, endSeq: seq });
  }

  mark(mark: Mark): void {
    if (mark.type === 'begin') this.begin(mark.id, mark.digest, mark.seq);
    else this.end(mark.id, mark.seq);
  }

  get(id: string): KnownId | undefined {
    return this.#ids.get(id);
  }

  entries(): IterableIterator<[string, KnownId]> {
    return this.#ids.entries();
  }

  /** The highest sequence number that any of them proves to have existed. */
  get highestSeq(): number {
    let highest = 0;
    for (const { beginSeq, endSeq } of this.#ids.values()) highest = Math.max(highest, beginSeq, endSeq ?? 0);
    return highest;
  }

  get unended(): { readonly id: string; readonly beginSeq: number }[] {
    return [...this.#ids]
      .filter(([, known]) => known.endSeq === undefined)
      .map(([id, { beginSeq }]) => ({ id, beginSeq }));
  }
}
