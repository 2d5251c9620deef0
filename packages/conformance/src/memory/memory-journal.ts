import { randomUUID } from 'node:crypto';
import { type CommandResult, type Cursor, type HistoryEntry, InstanceError } from '@ccb/instance-interface';

/** An entry without its position. */
export type Happening = HistoryEntry extends infer E
  ? E extends HistoryEntry
    ? Omit<E, 'commandId' | 'cursor' | 'at'>
    : never
  : never;

/** A line of the journal. */
export interface Line {
  readonly seq: number;
  readonly entry: HistoryEntry;
}

/** What happened in one place, in order, for as long as the place is there. */
export class MemoryJournal {
  readonly #id: string = randomUUID();
  readonly #lines: Line[] = [];
  readonly #texts = new Map<string, string>();
  readonly #results = new Map<string, CommandResult>();
  readonly #readers = new Set<() => void>();

  append(commandId: string, happening: Happening): Line {
    const seq = this.#lines.length + 1;
    const position = { commandId, cursor: `${this.#id}.${seq}`, at: new Date().toISOString() };
    const line: Line = { seq, entry: { ...position, ...happening } as HistoryEntry };
    this.#lines.push(line);
    if (happening.type === 'command') this.#texts.set(commandId, happening.text);
    if (happening.type === 'end') this.#results.set(commandId, happening.result);
    for (const wake of this.#readers) wake();
    return line;
  }

  /** The text of a command that began. */
  textOf(commandId: string): string | undefined {
    return this.#texts.get(commandId);
  }

  resultOf(commandId: string): CommandResult | undefined {
    return this.#results.get(commandId);
  }

  /** What happened in one command. @throws {InstanceError} CCB_JOURNAL_LOST */
  linesOf(commandId: string, after: Cursor | undefined): readonly Line[] {
    return this.#lines.slice(this.#seqOf(after)).filter(({ entry }) => entry.commandId === commandId);
  }

  /** @throws {InstanceError} CCB_JOURNAL_LOST */
  async *read(after: Cursor | undefined, follow: boolean, closed: AbortSignal): AsyncGenerator<HistoryEntry, void> {
    let wake = (): void => {};
    const onNews = (): void => wake();
    this.#readers.add(onNews);
    closed.addEventListener('abort', onNews, { once: true });
    try {
      for (let seq = this.#seqOf(after); ; ) {
        closed.throwIfAborted();
        const line = this.#lines[seq];
        if (line !== undefined) {
          seq += 1;
          yield line.entry;
        } else if (follow) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        } else return;
      }
    } finally {
      this.#readers.delete(onNews);
      closed.removeEventListener('abort', onNews);
    }
  }

  #seqOf(cursor: Cursor | undefined): number {
    if (cursor === undefined) return 0;
    const [id, number] = cursor.split('.');
    const seq = Number(number);
    if (id === this.#id && seq > 0 && seq <= this.#lines.length) return seq;
    throw new InstanceError('CCB_JOURNAL_LOST', `The cursor ${cursor} is of another journal. Read from the beginning.`);
  }
}
