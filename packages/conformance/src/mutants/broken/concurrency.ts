import { type CallOptions, InstanceError, type InstanceInfo, type StopOptions } from '@ccb/instance-interface';
import type { Answer } from '@ccb/instance-interface/abstract';
import { concurrency } from '../../groups/concurrency.ts';
import { MemoryInstance } from '../../memory/memory-instance.ts';
import { MemoryPlace } from '../../memory/memory-place.ts';
import { MemoryProgram, type ProgramWorld } from '../../memory/memory-program.ts';
import { MemoryTurn } from '../../memory/memory-turn.ts';
import { type Mutant, memoryOf } from '../mutant.ts';

export const concurrencyMutants: readonly Mutant[] = [
  {
    name: 'shows the output of another instance',
    fails: concurrency,
    spec: () => {
      let shared = '';
      return memoryOf({
        program: class extends MemoryProgram {
          protected override async echo(text: string, world: ProgramWorld): Promise<number> {
            shared = text;
            await Promise.resolve();
            return super.echo(shared, world);
          }
        },
      });
    },
  },
  {
    name: 'has no information while it starts',
    fails: concurrency,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override async getInfo(options?: CallOptions): Promise<InstanceInfo> {
            if (this.state !== 'starting') return super.getInfo(options);
            throw new InstanceError('CCB_TIMEOUT', `${this.name}: it does not answer while it starts.`);
          }
        },
      }),
  },
  {
    name: 'is not running, it says, while commands wait',
    fails: concurrency,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override async isRunning(options?: CallOptions): Promise<boolean> {
            return (await super.isRunning(options)) && (await this.getInfo()).queued === 0;
          }
        },
      }),
  },
  {
    name: 'forgets a stop in the middle of a start',
    fails: concurrency,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override async stop(options?: StopOptions): Promise<void> {
            if (this.state !== 'starting') await super.stop(options);
          }
        },
      }),
  },
  {
    name: 'hits the next command with the second of two interrupts',
    fails: concurrency,
    spec: () => memoryOf({ place: TwicePlace }),
  },
];

class TwicePlace extends MemoryPlace {
  #interrupting = false;
  left = false;

  override async interrupt(): Promise<boolean> {
    if (this.#interrupting) {
      this.left = true;
      return true;
    }
    this.#interrupting = true;
    try {
      return await super.interrupt();
    } finally {
      this.#interrupting = false;
    }
  }

  protected override makeTurn(answer: Answer): MemoryTurn {
    return new TwiceTurn(answer, this);
  }
}

class TwiceTurn extends MemoryTurn {
  readonly #place: TwicePlace;

  constructor(answer: Answer, place: TwicePlace) {
    super(answer, place);
    this.#place = place;
  }

  override begin(): void {
    super.begin();
    if (this.#place.left) this.cancel('cancelled');
    this.#place.left = false;
  }
}
