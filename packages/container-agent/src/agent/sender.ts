import type { Journal } from '../journal/journal.ts';
import type { AgentLog } from './log.ts';

const PIECE_BYTES = 65_536;
const nothing = new Uint8Array(0);

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
  readonly #log: AgentLog;
  #channel: Outlet | undefined;
  #undrained: (() => void) | undefined;
  #position = 0;
  #paused = false;
  #waiting = false;
  #piece: Buffer | undefined;

  constructor(journal: Journal, log: AgentLog) {
    this.#journal = journal;
    this.#log = log;
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
    // What an earlier attachment left in the channel counts: a pipe that is full gets no further piece for a new hello.
    this.#waiting = channel.write(nothing) === 'queued';
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
    if (this.#channel === undefined || this.#paused || this.#waiting) return;
    // A part of them may have gone out already, read from the journal.
    if (this.#position !== start) this.#pump();
    else this.#write(lines.length === 1 ? (lines[0] as Buffer) : Buffer.concat(lines, bytes));
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
      const lines = this.#read();
      // Down: the channel says so in a moment, and this sender is detached.
      if (lines !== undefined && !this.#write(lines)) return;
    }
  }

  /** The next whole lines; undefined: they are gone, and the position is beyond them. */
  #read(): Buffer | undefined {
    try {
      this.#piece ??= Buffer.allocUnsafeSlow(PIECE_BYTES);
      let piece = this.#piece;
      for (;;) {
        const { bytes } = this.#journal.readLines(this.#position, piece);
        if (bytes > 0) return piece.subarray(0, bytes);
        if (piece.length >= this.#journal.tail - this.#position) throw new Error('a line without an end');
        piece = Buffer.allocUnsafeSlow(piece.length * 4);
      }
    } catch (error) {
      this.#skip(error);
      return undefined;
    }
  }

  /** Rotated away under a slow reader, or damaged: that reader sees the hole by the numbers and asks, and is told why. */
  #skip(error: unknown): void {
    const { firstSeq, tail } = this.#journal;
    const rotated = (error as { readonly code?: unknown }).code === 'CCB_JOURNAL_GAP';
    this.#log('warn', 'sender.gap', { firstSeq, reason: String(error) });
    this.#position = rotated ? this.#journal.position(firstSeq - 1) : tail;
  }

  #write(lines: Buffer): boolean {
    const outcome = this.#channel?.write(lines) ?? 'down';
    if (outcome === 'down') return false;
    this.#position += lines.length;
    if (outcome === 'queued') this.#waiting = true;
    return true;
  }
}
