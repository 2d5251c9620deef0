import type {
  CollectedResult,
  CollectOptions,
  CommandOptions,
  CommandResult,
  CommandStream,
} from '@ccb/instance-interface';
import { results } from '../../groups/results.ts';
import { MemoryInstance } from '../../memory/memory-instance.ts';
import { MemoryJournal } from '../../memory/memory-journal.ts';
import { MemoryTurn } from '../../memory/memory-turn.ts';
import { altered, type Mutant, memoryOf } from '../mutant.ts';

export const resultsMutants: readonly Mutant[] = [
  {
    name: 'swallows the message of a failure',
    fails: results,
    spec: () =>
      memoryOf({
        turn: turnsWith((result) =>
          result.status === 'failed' ? { ...result, error: { ...result.error, message: '' } } : result,
        ),
      }),
  },
  {
    name: 'swallows the exit status',
    fails: results,
    spec: () => memoryOf({ turn: turnsWith(({ exitCode: _, ...result }) => result as CommandResult) }),
  },
  {
    name: 'takes a high exit status for success',
    fails: results,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          override exited(status: number): void {
            super.exited(status > 100 ? 0 : status);
          }
        },
      }),
  },
  {
    name: 'rejects unheard where nobody looks at the stream',
    fails: results,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override sendCommand(text: string, options?: CommandOptions): CommandStream {
            const stream = super.sendCommand(text, options);
            let seen = false;
            stream.result.catch(async (error) => {
              await new Promise((resolve) => setImmediate(resolve));
              if (!seen) throw error;
            });
            return altered(stream, {
              get result() {
                seen = true;
                return stream.result;
              },
              text: (how) => {
                seen = true;
                return stream.text(how);
              },
              events: (how) => {
                seen = true;
                return stream.events(how);
              },
            });
          }
        },
      }),
  },
  {
    name: 'runs an id twice where the command had failed',
    fails: results,
    spec: () =>
      memoryOf({
        journal: class extends MemoryJournal {
          override textOf(commandId: string): string | undefined {
            const failed = this.resultOf(commandId)?.error?.code === 'CCB_COMMAND_FAILED';
            return failed ? undefined : super.textOf(commandId);
          }
        },
      }),
  },
  {
    name: 'does not say that the output was cut',
    fails: results,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override async sendCommandAndWait(text: string, options?: CollectOptions): Promise<CollectedResult> {
            return { ...(await super.sendCommandAndWait(text, options)), truncated: false };
          }
        },
      }),
  },
];

/** Turns whose results are changed. */
function turnsWith(change: (result: CommandResult) => CommandResult): typeof MemoryTurn {
  return class extends MemoryTurn {
    protected override result(how: Parameters<MemoryTurn['end']>[0]): CommandResult {
      return change(super.result(how));
    }
  };
}
