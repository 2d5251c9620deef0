import type {
  CallOptions,
  CollectedResult,
  CollectOptions,
  CommandOptions,
  CommandStream,
  InstanceInfo,
} from '@ccb/instance-interface';
import type { Answer } from '@ccb/instance-interface/abstract';
import { queue } from '../../groups/queue.ts';
import { MemoryInstance, type MemoryOptions } from '../../memory/memory-instance.ts';
import { MemoryPlace } from '../../memory/memory-place.ts';
import { MemoryTurn } from '../../memory/memory-turn.ts';
import type { MemoryWorld } from '../../memory/memory-world.ts';
import { type Mutant, memoryOf } from '../mutant.ts';

const orderly = 30;

export const queueMutants: readonly Mutant[] = [
  {
    name: 'runs queued commands out of order, where many wait',
    fails: queue,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          #pending = 0;

          override async sendCommandAndWait(text: string, options?: CollectOptions): Promise<CollectedResult> {
            this.#pending += 1;
            try {
              if (this.#pending > orderly && this.#pending % 2 === 0) await Promise.resolve();
              return await super.sendCommandAndWait(text, options);
            } finally {
              this.#pending -= 1;
            }
          }
        },
      }),
  },
  {
    name: 'ignores maxQueue',
    fails: queue,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          constructor(world: MemoryWorld, place: MemoryPlace, options: MemoryOptions) {
            const unlimited: MemoryOptions & { readonly maxQueue: number } = { ...options, maxQueue: 1_000_000 };
            super(world, place, unlimited);
          }
        },
      }),
  },
  {
    name: 'counts at most two that wait',
    fails: queue,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override async getInfo(options?: CallOptions): Promise<InstanceInfo> {
            const info = await super.getInfo(options);
            return { ...info, queued: Math.min(info.queued, 2) };
          }
        },
      }),
  },
  {
    name: 'fails the command that waits behind one that failed',
    fails: queue,
    spec: () => memoryOf({ place: ChainedPlace }),
  },
  {
    name: 'takes a text with a NUL',
    fails: queue,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override sendCommand(text: string, options?: CommandOptions): CommandStream {
            return super.sendCommand(text.replaceAll('\0', ''), options);
          }
        },
      }),
  },
];

class ChainedPlace extends MemoryPlace {
  failing = false;

  protected override makeTurn(answer: Answer): MemoryTurn {
    return new ChainedTurn(answer, this);
  }
}

class ChainedTurn extends MemoryTurn {
  readonly #place: ChainedPlace;
  readonly #doomed: boolean;

  constructor(answer: Answer, place: ChainedPlace) {
    super(answer, place);
    this.#place = place;
    this.#doomed = place.failing;
  }

  override exited(status: number): void {
    const failed = status !== 0 && !this.interrupted.aborted;
    this.#place.failing = failed;
    super.exited(this.#doomed ? 1 : status);
    this.#place.failing = false;
  }
}
