import type {
  CollectedResult,
  CollectOptions,
  CommandOptions,
  CommandResult,
  CommandStream,
} from '@ccb/instance-interface';
import type { Answer } from '@ccb/instance-interface/abstract';
import { cancellation } from '../../groups/cancellation.ts';
import { MemoryInstance } from '../../memory/memory-instance.ts';
import { MemoryPlace } from '../../memory/memory-place.ts';
import { MemoryProgram, type ProgramWorld } from '../../memory/memory-program.ts';
import { MemoryTurn } from '../../memory/memory-turn.ts';
import { altered, type Mutant, memoryOf } from '../mutant.ts';

const slowEndMs = 50;

export const cancellationMutants: readonly Mutant[] = [
  {
    name: 'cancels the wrong command of the queue',
    fails: cancellation,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          readonly #line: CommandStream[] = [];

          override sendCommand(text: string, options?: CommandOptions): CommandStream {
            const stream = super.sendCommand(text, options);
            this.#line.push(stream);
            const leave = (): void => void this.#line.splice(this.#line.indexOf(stream), 1);
            stream.result.then(leave, leave);
            return altered(stream, { cancel: () => this.#behind(stream).cancel() });
          }

          #behind(stream: CommandStream): CommandStream {
            const index = this.#line.indexOf(stream);
            const waits = index !== -1 && this._running()?.id !== stream.id;
            return (waits ? this.#line[index + 1] : undefined) ?? stream;
          }
        },
      }),
  },
  {
    name: 'forgets what a cancelled command had said',
    fails: cancellation,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          protected override result(how: Parameters<MemoryTurn['end']>[0]): CommandResult {
            const result = super.result(how);
            return result.status === 'cancelled' ? { ...result, outputBytes: 0 } : result;
          }
        },
      }),
  },
  {
    name: 'takes a success back when it is cancelled after its end',
    fails: cancellation,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override sendCommand(text: string, options?: CommandOptions): CommandStream {
            const stream = super.sendCommand(text, options);
            return altered(stream, {
              cancel: async () => {
                const result = await stream.cancel();
                if (!result.success) return result;
                const error = { code: 'CCB_CANCELLED', message: 'It was cancelled.', retryable: false };
                return { ...result, success: false, status: 'cancelled', completedBy: 'cancel', error };
              },
            });
          }
        },
      }),
  },
  {
    name: 'does not cancel when the block of a stream is left',
    fails: cancellation,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override sendCommand(text: string, options?: CommandOptions): CommandStream {
            return altered(super.sendCommand(text, options), { [Symbol.asyncDispose]: async () => {} });
          }
        },
      }),
  },
  {
    name: 'runs a command whose signal had aborted before',
    fails: cancellation,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override sendCommand(text: string, options: CommandOptions = {}): CommandStream {
            return super.sendCommand(text, deaf(options));
          }

          override sendCommandAndWait(text: string, options: CollectOptions = {}): Promise<CollectedResult> {
            return super.sendCommandAndWait(text, deaf(options));
          }
        },
      }),
  },
  {
    name: 'answers an interrupt() before the end was seen',
    fails: cancellation,
    spec: () =>
      memoryOf({
        place: class extends MemoryPlace {
          override async interrupt(): Promise<boolean> {
            const runs = this.command !== undefined;
            void super.interrupt();
            return runs;
          }
        },
        program: class extends MemoryProgram {
          protected override async hang(world: ProgramWorld): Promise<number> {
            const status = await super.hang(world);
            await new Promise((resolve) => setTimeout(resolve, slowEndMs));
            return status;
          }
        },
      }),
  },
  {
    name: 'says of the next command that it was interrupted too',
    fails: cancellation,
    spec: () =>
      memoryOf({
        place: class extends LatePlace {
          override async interrupt(): Promise<boolean> {
            this.late = 'told';
            const hit = await super.interrupt();
            this.late = undefined;
            return hit;
          }
        },
      }),
  },
  {
    name: 'empties the queue on interrupt()',
    fails: cancellation,
    spec: () =>
      memoryOf({
        place: class extends LatePlace {
          override async interrupt(): Promise<boolean> {
            this.late = 'dropped';
            const hit = await super.interrupt();
            this.late = undefined;
            return hit;
          }
        },
      }),
  },
  {
    name: 'hits the next command with an interrupt that came too late',
    fails: cancellation,
    spec: () =>
      memoryOf({
        place: class extends LatePlace {
          override async interrupt(): Promise<boolean> {
            const hit = await super.interrupt();
            this.late = this.isOver ? 'told' : undefined;
            return hit;
          }
        },
      }),
  },
  {
    name: 'answers true to an interrupt() of what has ended',
    fails: cancellation,
    spec: () =>
      memoryOf({
        place: class extends LatePlace {
          override async interrupt(): Promise<boolean> {
            return (await super.interrupt()) || this.isOver;
          }
        },
      }),
  },
];

class LatePlace extends MemoryPlace {
  /** What comes of the next command: it runs and is told to be cancelled, or never runs. */
  late: 'told' | 'dropped' | undefined;
  #interrupted = false;
  #answered = false;

  /** One was interrupted, and the one after it was answered. */
  get isOver(): boolean {
    return this.#answered;
  }

  noteEnd({ status }: CommandResult): void {
    this.#answered = this.#interrupted && status === 'completed';
    this.#interrupted = status === 'cancelled';
  }

  protected override makeTurn(answer: Answer): MemoryTurn {
    return new LateTurn(answer, this);
  }
}

class LateTurn extends MemoryTurn {
  readonly #place: LatePlace;

  constructor(answer: Answer, place: LatePlace) {
    super(answer, place);
    this.#place = place;
  }

  override begin(): void {
    const { late } = this.#place;
    this.#place.late = undefined;
    if (late !== 'dropped') super.begin();
    if (late !== undefined) this.cancel('cancelled');
  }

  protected override result(how: Parameters<MemoryTurn['end']>[0]): CommandResult {
    const result = super.result(how);
    this.#place.noteEnd(result);
    return result;
  }
}

function deaf<O extends CommandOptions>(options: O): O {
  return options.signal?.aborted ? { ...options, signal: undefined } : options;
}
