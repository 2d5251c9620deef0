import type { CommandOptions, CommandStream, ReadOptions } from '@ccb/instance-interface';
import { readers } from '../../groups/readers.ts';
import { resumeAndHistory } from '../../groups/resume-and-history.ts';
import { streaming } from '../../groups/streaming.ts';
import { MemoryInstance } from '../../memory/memory-instance.ts';
import { type Happening, type Line, MemoryJournal } from '../../memory/memory-journal.ts';
import { joined } from '../../scene/reading.ts';
import { altered, type Mutant, memoryOf } from '../mutant.ts';

export const streamingMutants: readonly Mutant[] = [
  {
    name: 'holds an answer back until its end',
    fails: streaming,
    also: [{ group: readers, because: 'no loop over such an answer can be left in its middle' }],
    spec: () =>
      memoryOf({
        instance: streamsWith((stream) => ({
          [Symbol.asyncIterator]: () => {
            const whole = joined(stream.text());
            return (async function* () {
              const text = await whole;
              if (text !== '') yield text;
            })();
          },
        })),
      }),
  },
  {
    name: 'lets a second reader in',
    fails: streaming,
    spec: () =>
      memoryOf({
        instance: streamsWith((stream) => ({
          [Symbol.asyncIterator]: () => {
            try {
              return stream[Symbol.asyncIterator]();
            } catch {
              return (async function* () {})();
            }
          },
        })),
      }),
  },
  {
    name: 'does not cancel when the loop is left',
    fails: streaming,
    also: [{ group: readers, because: 'it leaves a loop too, and waits for the end of the command' }],
    spec: () =>
      memoryOf({
        instance: streamsWith((stream) => ({
          [Symbol.asyncIterator]: () => stream.text({ cancelOnReturn: false })[Symbol.asyncIterator](),
        })),
      }),
  },
  {
    name: 'cancels when the loop is left, though it was told not to',
    fails: streaming,
    also: [{ group: resumeAndHistory, because: 'a command that was left alone is what it resumes' }],
    spec: () =>
      memoryOf({
        instance: streamsWith((stream) => ({
          text: (options?: ReadOptions) => stream.text({ ...options, cancelOnReturn: true }),
        })),
      }),
  },
  {
    name: 'cancels for a reader who had given up before the first step',
    fails: streaming,
    spec: () =>
      memoryOf({
        instance: streamsWith((stream) => ({
          text: (options?: ReadOptions) => {
            if (options?.signal?.aborted) void stream.cancel();
            return stream.text(options);
          },
        })),
      }),
  },
  {
    name: 'has a cursor before anything was read',
    fails: streaming,
    spec: () =>
      memoryOf({
        instance: streamsWith((stream) => ({
          get cursor() {
            return stream.cursor ?? 'none';
          },
        })),
      }),
  },
  {
    name: 'tells the time of an event in a form of its own',
    fails: streaming,
    spec: () =>
      memoryOf({
        journal: class extends MemoryJournal {
          override append(commandId: string, happening: Happening): Line {
            const line = super.append(commandId, happening);
            const { at, type } = line.entry;
            if (type !== 'command') Object.assign(line.entry, { at: new Date(at).toString() });
            return line;
          }
        },
      }),
  },
];

/** An instance whose streams are changed. */
function streamsWith(change: (stream: CommandStream) => Partial<CommandStream>): typeof MemoryInstance {
  return class extends MemoryInstance {
    override sendCommand(text: string, options?: CommandOptions): CommandStream {
      const stream = super.sendCommand(text, options);
      return altered(stream, change(stream));
    }
  };
}
