import type { Outlet } from '../sender.ts';

/** The near end of a pipe: it takes what it is given, and says what the test wants it to say. */
export class RecordingOutlet implements Outlet {
  readonly pieces: Buffer[] = [];
  outcome: 'sent' | 'queued' | 'down' = 'sent';
  onWrite: (piece: Buffer) => void = () => {};
  readonly #listeners = new Set<() => void>();
  #full = false;

  write(lines: Uint8Array): 'sent' | 'queued' | 'down' {
    if (this.outcome === 'down') return 'down';
    if (lines.length === 0) return this.#full ? 'queued' : 'sent';
    const piece = Buffer.from(lines);
    this.onWrite(piece);
    this.pieces.push(piece);
    this.#full = this.outcome === 'queued';
    return this.outcome;
  }

  on(_event: 'drain', listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  drain(): void {
    this.#full = false;
    for (const listener of [...this.#listeners]) listener();
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }
}
