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

  begin(id: string, digest: string, seq: number): void {
    const known = this.#ids.get(id);
    if (known?.beginSeq === seq) return;
    this.#ids.delete(id);
    this.#ids.set(id, { digest, beginSeq: seq });
    if (this.#ids.size > MAX_IDS) this.#ids.delete(this.#ids.keys().next().value as string);
  }

  end(id: string, seq: number): void {
    const known = this.#ids.get(id);
    if (known) this.#ids.set(id, { ...known, endSeq: seq });
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
