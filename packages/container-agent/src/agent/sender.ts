import type { Journal } from '../journal/journal.ts';

const PIECE_BYTES = 65_536;

/** Where lines go out: the part of a channel that a sender needs. */
export interface Outlet {
  write(lines: Uint8Array): 'sent' | 'queued' | 'down';
  on(event: 'drain', listener: () => void): () => void;
}

/**
 * The one sender of journal lines. It knows a single position, the byte of the journal that goes out next: level with
 * the tail it hands lines on as they are journaled; behind it (pipe full, paused, resumed from earlier) it reads the
 * journal in pieces. "Live" is no state that could go stale, it is `position === tail`.
 */
export class Sender {
  readonly #journal: Journal;
  #channel: Outlet | undefined;
  #undrained: (() => void) | undefined;
  #position = 0;
  #paused = false;
  #waiting = false;
  #piece: Buffer | undefined;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Sends everything after `afterSeq` to this channel from now on. @throws what `journal.position` throws */
  attach(channel: Outlet, afterSeq: number): void {
    const position = this.#journal.position(afterSeq);
    this.detach();
    this.#position = position;
    this.#channel = channel;
    this.#undrained = channel.on('drain', () => {
      this.#waiting = false;
      this.#pump();
    });
    this.#pump();
  }

  detach(): void {
    this.#undrained?.();
    this.#undrained = undefined;
    this.#channel = undefined;
    this.#paused = false;
    this.#waiting = false;
  }

  /** Goes back to right after `afterSeq`, never forward: lines in between would be lost to another reader. */
  rewind(afterSeq: number): void {
    this.#position = Math.min(this.#position, this.#journal.position(afterSeq));
    this.#pump();
  }

  pause(): void {
    this.#paused = true;
  }

  proceed(): void {
    this.#paused = false;
    this.#pump();
  }

  /** Lines that the journal has just taken at byte `start`. */
  publish(lines: readonly Buffer[], start: number, bytes: number): void {
    if (this.#channel === undefined || this.#paused || this.#waiting || this.#position !== start) return;
    const first = lines[0] as Buffer;
    this.#write(lines.length === 1 ? first : Buffer.concat(lines, bytes));
  }

  /** The journal has grown, by whatever way. */
  catchUp(): void {
    this.#pump();
  }

  /** All that the journal holds is with the kernel, or nobody is there to take it. */
  get level(): boolean {
    return this.#channel === undefined || (!this.#waiting && this.#position === this.#journal.tail);
  }

  #pump(): void {
    while (this.#channel !== undefined && !this.#paused && !this.#waiting && this.#position < this.#journal.tail) {
      this.#piece ??= Buffer.allocUnsafeSlow(PIECE_BYTES);
      let piece = this.#piece;
      let read = this.#journal.readLines(this.#position, piece);
      while (read.larger) {
        piece = Buffer.allocUnsafeSlow(piece.length * 4);
        read = this.#journal.readLines(this.#position, piece);
      }
      if (read.bytes === 0) return;
      this.#write(piece.subarray(0, read.bytes));
    }
  }

  #write(lines: Buffer): void {
    const outcome = this.#channel?.write(lines);
    if (outcome === undefined || outcome === 'down') return;
    this.#position += lines.length;
    if (outcome === 'queued') this.#waiting = true;
  }
}
