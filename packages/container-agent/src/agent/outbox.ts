import type { CommandResult } from '@ccb/instance-interface';
import type { Journal } from '../journal/journal.ts';
import { encodeBegin, encodeEnd, encodePiece, encodeUpdate } from '../protocol/encode.ts';
import { encodeText } from '../protocol/encode-text.ts';
import { timestamp } from './clock.ts';
import type { Sender } from './sender.ts';
import { diskFullResult } from './verdict.ts';

/** A batch is journaled before the tick's end once it is this large. */
const BATCH_BYTES = 262_144;
const RUN_CHARACTERS = 61_440;
const settled = Promise.resolve();

export interface OutboxEvents {
  /** After each write to the journal. */
  committed(): void;
  /** A batch could not be journaled: its lines are gone, nothing of them was sent; ends among them were saved from the reserve. */
  full(error: unknown): void;
  /** Not even the reserve took this end: no reader will find it in the journal. */
  endLost(id: string, error: unknown): void;
}

interface Run {
  readonly id: string;
  readonly stream: 'stdout' | 'stderr';
  readonly late: boolean;
  text: string;
}

/**
 * Lines on their way into the journal and from there to the host. What one tick produces is joined (text of one stream
 * into one frame), journaled in one synchronous write, and only then sent.
 */
export class Outbox {
  readonly #journal: Journal;
  readonly #sender: Sender;
  readonly #events: OutboxEvents;
  #seq: number;
  #run: Run | undefined;
  #lines: Buffer[] = [];
  #bytes = 0;
  #firstSeq = 0;
  #ends: { readonly id: string; readonly seq: number; readonly result: CommandResult }[] = [];
  /** Journaled, not handed to the sender yet. */
  #unsent: Buffer[] = [];
  #unsentBytes = 0;
  #unsentStart = 0;
  #scheduled = false;

  constructor(journal: Journal, sender: Sender, events: OutboxEvents) {
    this.#journal = journal;
    this.#sender = sender;
    this.#events = events;
    this.#seq = journal.lastSeq;
  }

  /** Journaled when this returns. @throws what `journal.append` throws; then nothing was begun */
  begin(id: string, digest: string, text: string): void {
    this.#closeRun();
    const seq = this.#next();
    this.#add(encodeBegin(seq, id, timestamp(), digest, text));
    this.#persist();
    this.#journal.noteBegin(id, digest, seq);
    this.#schedule();
  }

  text(id: string, stream: 'stdout' | 'stderr', text: string, bytes: string | undefined, late: boolean): void {
    const run = this.#run;
    if (bytes !== undefined) {
      this.#closeRun();
      this.#put(encodePiece(this.#next(), id, timestamp(), { text, stream, bytes, late }));
    } else if (
      run?.id === id &&
      run.stream === stream &&
      run.late === late &&
      run.text.length + text.length <= RUN_CHARACTERS
    ) {
      run.text += text;
    } else {
      this.#closeRun();
      this.#run = { id, stream, late, text };
    }
    this.#schedule();
  }

  update(id: string, update: object): void {
    this.#closeRun();
    this.#put(encodeUpdate(this.#next(), id, timestamp(), update));
    this.#schedule();
  }

  end(id: string, result: CommandResult): void {
    this.#closeRun();
    const seq = this.#next();
    this.#ends.push({ id, seq, result });
    this.#put(encodeEnd(seq, id, timestamp(), result));
    this.#schedule();
  }

  /** Journals and sends what is pending. */
  commit(): void {
    this.#closeRun();
    try {
      this.#persist();
    } catch (error) {
      this.#events.full(error);
    }
    if (this.#unsent.length > 0) {
      const lines = this.#unsent;
      this.#unsent = [];
      this.#sender.publish(lines, this.#unsentStart, this.#unsentBytes);
      this.#unsentBytes = 0;
    }
    this.#events.committed();
  }

  #next(): number {
    const seq = ++this.#seq;
    if (this.#bytes === 0) this.#firstSeq = seq;
    return seq;
  }

  #add(line: Buffer): void {
    this.#lines.push(line);
    this.#bytes += line.length;
  }

  #put(line: Buffer): void {
    this.#add(line);
    if (this.#bytes >= BATCH_BYTES) this.commit();
  }

  #closeRun(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    const lines = encodeText(this.#seq + 1, run.id, timestamp(), run);
    for (const line of lines) {
      this.#next();
      this.#put(line);
    }
  }

  #persist(): void {
    if (this.#bytes === 0) return;
    const lines = this.#lines;
    const bytes = this.#bytes;
    const ends = this.#ends;
    this.#lines = [];
    this.#bytes = 0;
    this.#ends = [];
    const start = this.#journal.tail;
    try {
      this.#journal.append(lines, bytes, this.#firstSeq, this.#seq);
    } catch (error) {
      this.#seq = this.#journal.lastSeq;
      for (const { id, result } of ends) this.#endFromReserve(id, result);
      throw error;
    }
    this.#journaled(lines, start, bytes);
    for (const { id, seq } of ends) this.#journal.noteEnd(id, seq);
  }

  /** Its last output is lost with the batch, so the end says that, and goes where room was kept for it. */
  #endFromReserve(id: string, result: CommandResult): void {
    const start = this.#journal.tail;
    const seq = this.#seq + 1;
    const line = encodeEnd(seq, id, timestamp(), diskFullResult(result));
    try {
      this.#journal.appendFromReserve(line, seq);
    } catch (error) {
      this.#events.endLost(id, error);
      return;
    }
    this.#seq = seq;
    this.#journal.noteEnd(id, seq);
    this.#journaled([line], start, line.length);
  }

  #journaled(lines: readonly Buffer[], start: number, bytes: number): void {
    if (this.#unsent.length === 0) this.#unsentStart = start;
    this.#unsent.push(...lines);
    this.#unsentBytes += bytes;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // A microtask out of a tick: promises settled by the same callback (a turn's end) still join this batch.
    process.nextTick(() => {
      // Not queueMicrotask: that makes an async resource each time.
      void settled.then(() => {
        this.#scheduled = false;
        this.commit();
      });
    });
  }
}
