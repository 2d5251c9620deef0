import type { CommandStream, Cursor, HistoryEntry, ResumeOptions } from '@ccb/instance-interface';
import type { Answer } from '@ccb/instance-interface/abstract';
import { leaks } from '../../groups/leaks.ts';
import { permissions } from '../../groups/permissions.ts';
import { resumeAndHistory } from '../../groups/resume-and-history.ts';
import { MemoryInstance } from '../../memory/memory-instance.ts';
import { type Line, MemoryJournal } from '../../memory/memory-journal.ts';
import { MemoryPlace, type Visitor } from '../../memory/memory-place.ts';
import { MemoryTurn } from '../../memory/memory-turn.ts';
import { altered, type Mutant, memoryOf } from '../mutant.ts';

export const resumeAndHistoryMutants: readonly Mutant[] = [
  {
    name: 'gives the event of the cursor again',
    fails: resumeAndHistory,
    spec: () =>
      memoryOf({
        journal: class extends MemoryJournal {
          override linesOf(commandId: string, after: Cursor | undefined): readonly Line[] {
            const lines = super.linesOf(commandId, after);
            if (after === undefined) return lines;
            return super.linesOf(commandId, undefined).slice(-lines.length - 1);
          }
        },
      }),
  },
  {
    name: 'repeats a chunk to the next host',
    fails: resumeAndHistory,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          override follow(answer: Answer): void {
            super.follow(answer.resumed ? altered(answer, { after: undefined }) : answer);
          }
        },
      }),
  },
  {
    name: 'loses a chunk after a resume',
    fails: resumeAndHistory,
    spec: () =>
      memoryOf({
        place: class extends MemoryPlace {
          override replay(answer: Answer): void {
            let lost = answer.after === undefined;
            super.replay(
              altered(answer, {
                push: (event, seq) => {
                  if (lost) answer.push(event, seq);
                  lost = true;
                },
              }),
            );
          }
        },
      }),
  },
  {
    name: 'takes a cursor of another instance',
    fails: resumeAndHistory,
    spec: () =>
      memoryOf({
        journal: class extends MemoryJournal {
          override linesOf(commandId: string, after: Cursor | undefined): readonly Line[] {
            try {
              return super.linesOf(commandId, after);
            } catch {
              return super.linesOf(commandId, undefined);
            }
          }
        },
      }),
  },
  {
    name: 'runs an id again for the next host',
    fails: resumeAndHistory,
    spec: () => memoryOf({ place: ForgetfulPlace }),
  },
  {
    name: 'ends the command when one who waits for it leaves',
    fails: resumeAndHistory,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override resumeCommand(id: string, options?: ResumeOptions): CommandStream {
            options?.signal?.addEventListener('abort', () => this.place.cancel(id, 'cancelled'), { once: true });
            return super.resumeCommand(id, options);
          }
        },
      }),
  },
  {
    name: 'ends the running command when it lets go',
    fails: resumeAndHistory,
    also: [
      { group: permissions, because: 'the next host cannot be asked about a command that has ended' },
      { group: leaks, because: 'it looks whether letting go leaves the instance as it is' },
    ],
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          protected override async _detach(): Promise<void> {
            await this.place.interrupt();
            await super._detach();
          }
        },
      }),
  },
  {
    name: 'loses an event of history',
    fails: resumeAndHistory,
    spec: () => memoryOf({ journal: telling((entries) => entries.toSpliced(second(entries), 1)) }),
  },
  {
    name: 'tells history out of order',
    fails: resumeAndHistory,
    spec: () =>
      memoryOf({
        journal: telling((entries) => {
          const index = second(entries);
          return entries.toSpliced(index - 1, 2, ...entries.slice(index - 1, index + 1).reverse());
        }),
      }),
  },
  {
    name: 'tells the entry of the cursor again',
    fails: resumeAndHistory,
    spec: () =>
      memoryOf({
        journal: class extends MemoryJournal {
          override async *read(...args: Parameters<MemoryJournal['read']>): AsyncGenerator<HistoryEntry, void> {
            const [after, , closed] = args;
            if (after !== undefined) {
              for await (const entry of super.read(undefined, false, closed)) if (entry.cursor === after) yield entry;
            }
            yield* super.read(...args);
          }
        },
      }),
  },
  {
    name: 'forgets its history when it is stopped',
    fails: resumeAndHistory,
    spec: () => memoryOf({ place: OneLifePlace }),
  },
];

/** The second text of a command; past the end where there is none. */
function second(entries: readonly HistoryEntry[]): number {
  const index = entries.findIndex(
    ({ type, commandId }, at) =>
      type === 'text' && entries[at - 1]?.type === type && entries[at - 1]?.commandId === commandId,
  );
  return index === -1 ? entries.length + 1 : index;
}

/** A journal that tells its past changed, and what comes as it comes. */
function telling(change: (past: readonly HistoryEntry[]) => readonly HistoryEntry[]): typeof MemoryJournal {
  return class extends MemoryJournal {
    override async *read(
      after: Cursor | undefined,
      follow: boolean,
      closed: AbortSignal,
    ): AsyncGenerator<HistoryEntry, void> {
      if (follow || after !== undefined) {
        yield* super.read(after, follow, closed);
        return;
      }
      const past: HistoryEntry[] = [];
      for await (const entry of super.read(undefined, false, closed)) past.push(entry);
      yield* change(past);
    }
  };
}

class ForgetfulPlace extends MemoryPlace {
  #first: Visitor | undefined;

  override submit(answer: Answer): void {
    this.#first ??= this.holder;
    if (this.holder === this.#first || this.journal.textOf(answer.id) !== answer.text) super.submit(answer);
    else this.enqueue(answer);
  }
}

class OneLifePlace extends MemoryPlace {
  override readonly journal: OneLifeJournal = new OneLifeJournal();

  override shutdown(by: Visitor): void {
    super.shutdown(by);
    this.journal.forget();
  }
}

class OneLifeJournal extends MemoryJournal {
  #forgotten = 0;
  #told = 0;

  forget(): void {
    this.#forgotten = this.#told;
  }

  override append(...args: Parameters<MemoryJournal['append']>): Line {
    this.#told += 1;
    return super.append(...args);
  }

  override async *read(...args: Parameters<MemoryJournal['read']>): AsyncGenerator<HistoryEntry, void> {
    let skip = args[0] === undefined ? this.#forgotten : 0;
    for await (const entry of super.read(...args)) {
      if (skip <= 0) yield entry;
      skip -= 1;
    }
  }
}
