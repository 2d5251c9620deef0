import { type CallOptions, type CommandOptions, type CommandStream, InstanceError } from '@ccb/instance-interface';
import type { Answer } from '@ccb/instance-interface/abstract';
import { readers } from '../../groups/readers.ts';
import { MemoryInstance } from '../../memory/memory-instance.ts';
import { MemoryTurn } from '../../memory/memory-turn.ts';
import { altered, type Mutant, memoryOf } from '../mutant.ts';

/** Characters that may wait for somebody to read them. */
const room = 500_000;

export const readersMutants: readonly Mutant[] = [
  {
    name: 'blocks on an unread answer',
    fails: readers,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          #untaken = 0;
          #wake: () => void = () => {};

          override follow(answer: Answer): void {
            let last = 0;
            const counting = altered(answer, {
              push: (event, seq) => {
                last = seq;
                answer.push(event, seq);
              },
            });
            super.follow(counting);
            answer.onTaken = (seq) => {
              if (seq < last) return;
              this.#untaken = 0;
              this.#wake();
            };
          }

          override async write(stream: 'stdout' | 'stderr', text: string): Promise<void> {
            this.#untaken += text.length;
            await super.write(stream, text);
            if (this.#untaken < room) return;
            await new Promise<void>((resolve) => {
              this.#wake = resolve;
              this.interrupted.addEventListener('abort', () => resolve(), { once: true });
            });
          }
        },
      }),
  },
  {
    name: 'loses a chunk when its reader is slow',
    fails: readers,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          override follow(answer: Answer): void {
            super.follow(
              altered(answer, {
                push: (event, seq) => {
                  if (!answer.full) answer.push(event, seq);
                },
              }),
            );
          }

          protected override async room(): Promise<void> {}
        },
      }),
  },
  {
    name: 'is not running, it says, while a reader is slow',
    fails: readers,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override async isRunning(options?: CallOptions): Promise<boolean> {
            const running = await super.isRunning(options);
            return running && this._running()?.full !== true;
          }
        },
      }),
  },
  {
    name: 'hides from a late reader that the rest is gone',
    fails: readers,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override sendCommand(text: string, options?: CommandOptions): CommandStream {
            const stream = super.sendCommand(text, options);
            return altered(stream, { [Symbol.asyncIterator]: () => complete(stream[Symbol.asyncIterator]()) });
          }
        },
      }),
  },
];

function complete(reader: AsyncIterator<string>): AsyncIterator<string> {
  return altered(reader, {
    next: async () => {
      try {
        return await reader.next();
      } catch (error) {
        if (InstanceError.is(error, 'CCB_JOURNAL_GAP')) return { done: true, value: undefined };
        throw error;
      }
    },
  });
}
