import {
  type CollectedResult,
  type CollectOptions,
  type CommandOptions,
  type CommandStream,
  InstanceError,
} from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import { observeAndHold } from '../../groups/observe-and-hold.ts';
import { MemoryInstance, type MemoryOptions } from '../../memory/memory-instance.ts';
import type { MemoryPlace } from '../../memory/memory-place.ts';
import type { MemoryWorld } from '../../memory/memory-world.ts';
import { type Mutant, memoryOf } from '../mutant.ts';

export const observeAndHoldMutants: readonly Mutant[] = [
  {
    name: 'lets a second holder in',
    fails: observeAndHold,
    spec: () =>
      memoryOf({
        instance: class extends OwnInstance {
          override enter(): void {
            if (!this.observes) this.place.holder = undefined;
            super.enter();
          }
        },
      }),
  },
  {
    name: 'does not say what it is that is locked',
    fails: observeAndHold,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override enter(): void {
            try {
              super.enter();
            } catch {
              throw new InstanceError('CCB_LOCKED', 'It is locked.', { retryable: true });
            }
          }
        },
      }),
  },
  {
    name: 'runs the command of an observer',
    fails: observeAndHold,
    spec: () =>
      memoryOf({
        instance: class extends OwnInstance {
          override sendCommand(text: string, options?: CommandOptions): CommandStream {
            return this.observes ? this.holder.sendCommand(text, options) : super.sendCommand(text, options);
          }

          override async sendCommandAndWait(text: string, options?: CollectOptions): Promise<CollectedResult> {
            if (!this.observes) return super.sendCommandAndWait(text, options);
            return this.holder.sendCommandAndWait(text, options);
          }
        },
      }),
  },
  {
    name: 'ignores the interrupt of an observer',
    fails: observeAndHold,
    spec: () =>
      memoryOf({
        instance: class extends OwnInstance {
          protected override async _interruptRunning(call: Call): Promise<boolean> {
            return this.observes ? this.place.command !== undefined : super._interruptRunning(call);
          }
        },
      }),
  },
  {
    name: 'does not hear that an observer stopped it',
    fails: observeAndHold,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override told(...[to, reason, error]: Parameters<MemoryInstance['told']>): void {
            if (to !== 'stopped') super.told(to, reason, error);
          }
        },
      }),
  },
  {
    name: 'gives the hold up when an observer leaves',
    fails: observeAndHold,
    spec: () =>
      memoryOf({
        instance: class extends OwnInstance {
          protected override leave(): void {
            super.leave();
            if (this.observes) this.place.holder = undefined;
          }
        },
      }),
  },
];

/** One that knows whether it holds or observes. */
class OwnInstance extends MemoryInstance {
  readonly observes: boolean;

  constructor(world: MemoryWorld, place: MemoryPlace, options: MemoryOptions) {
    super(world, place, options);
    this.observes = options.mode === 'observe';
  }

  get holder(): MemoryInstance {
    return this.place.holder as MemoryInstance;
  }
}
