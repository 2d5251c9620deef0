import type { CommandResult } from '@ccb/instance-interface';
import { exactness } from '../../groups/exactness.ts';
import { MemoryProgram, type ProgramWorld } from '../../memory/memory-program.ts';
import { MemoryTurn } from '../../memory/memory-turn.ts';
import { type Mutant, memoryOf } from '../mutant.ts';

const pieceSize = 10_000;

export const exactnessMutants: readonly Mutant[] = [
  {
    name: 'loses a chunk',
    fails: exactness,
    spec: () =>
      memoryOf({
        program: class extends MemoryProgram {
          protected override async echo(text: string, world: ProgramWorld): Promise<number> {
            return super.echo(text.slice(0, pieceSize) + text.slice(2 * pieceSize), world);
          }
        },
      }),
  },
  {
    name: 'cuts a character in two where a piece ends',
    fails: exactness,
    spec: () =>
      memoryOf({
        program: class extends MemoryProgram {
          protected override async echo(text: string, world: ProgramWorld): Promise<number> {
            const bytes = Buffer.from(text);
            for (let from = 0; from < bytes.length; from += pieceSize - 1) {
              await super.echo(bytes.toString('utf8', from, from + pieceSize - 1), world);
            }
            return 0;
          }
        },
      }),
  },
  {
    name: 'drops a final newline',
    fails: exactness,
    spec: () => memoryOf({ program: saying((text) => text.replace(/\n$/, '')) }),
  },
  {
    name: 'trims spaces',
    fails: exactness,
    spec: () => memoryOf({ program: saying((text) => text.replace(/^ +| +$/g, '')) }),
  },
  {
    name: 'turns CRLF into LF',
    fails: exactness,
    spec: () => memoryOf({ program: saying((text) => text.replaceAll('\r\n', '\n')) }),
  },
  {
    name: 'drops a byte order mark',
    fails: exactness,
    spec: () => memoryOf({ program: saying((text) => text.replace(/^\ufeff/, '')) }),
  },
  {
    name: 'makes a chunk of nothing',
    fails: exactness,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          override write(stream: 'stdout' | 'stderr', text: string): Promise<void> {
            if (text === '') this.emit({ type: 'text', text, stream });
            return super.write(stream, text);
          }
        },
      }),
  },
  {
    name: 'counts outputBytes in characters',
    fails: exactness,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          #characters = 0;

          override write(stream: 'stdout' | 'stderr', text: string): Promise<void> {
            if (stream === 'stdout') this.#characters += text.length;
            return super.write(stream, text);
          }

          protected override result(how: Parameters<MemoryTurn['end']>[0]): CommandResult {
            return { ...super.result(how), outputBytes: this.#characters };
          }
        },
      }),
  },
  {
    name: 'mixes stderr into the text',
    fails: exactness,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          override write(_stream: 'stdout' | 'stderr', text: string): Promise<void> {
            return super.write('stdout', text);
          }
        },
      }),
  },
  {
    name: 'bleeds a late chunk into the next command',
    fails: exactness,
    spec: () => {
      let latest: MemoryTurn | undefined;
      return memoryOf({
        turn: class extends MemoryTurn {
          override begin(): void {
            latest = this;
            super.begin();
          }

          override background(child: (write: (text: string) => void) => void): void {
            super.background((write) =>
              child((text) => {
                void latest?.write('stdout', text);
                write(text);
              }),
            );
          }
        },
      });
    },
  },
];

/** A program whose answers come out changed. */
function saying(change: (text: string) => string): typeof MemoryProgram {
  return class extends MemoryProgram {
    protected override echo(text: string, world: ProgramWorld): Promise<number> {
      return super.echo(change(text), world);
    }
  };
}
