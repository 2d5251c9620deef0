import type { CallOptions, InstanceInfo, InstanceRecord, StateChange, StopOptions } from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import { lifecycle } from '../../groups/lifecycle.ts';
import { MemoryInstance, type MemoryOptions } from '../../memory/memory-instance.ts';
import type { MemoryPlace } from '../../memory/memory-place.ts';
import type { MemoryWorld } from '../../memory/memory-world.ts';
import { type Mutant, memoryOf } from '../mutant.ts';

export const lifecycleMutants: readonly Mutant[] = [
  {
    name: 'hangs on the stop of what is stopped',
    fails: lifecycle,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override stop(options?: StopOptions): Promise<void> {
            return this.state === 'stopped' ? new Promise(() => {}) : super.stop(options);
          }
        },
      }),
  },
  {
    name: 'stops, though the call was given up before it was made',
    fails: lifecycle,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override async stop(options: StopOptions = {}): Promise<void> {
            if (options.signal?.aborted) await super.stop();
            await super.stop(options);
            options.signal?.throwIfAborted();
          }
        },
      }),
  },
  {
    name: 'gives a start up for all when one caller leaves',
    fails: lifecycle,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override start(options: CallOptions = {}): Promise<void> {
            options.signal?.addEventListener('abort', () => void this.stop());
            return super.start(options);
          }
        },
      }),
  },
  {
    name: 'is running, it says, before its first start',
    fails: lifecycle,
    spec: () =>
      memoryOf({
        instance: class extends OwnInstance {
          #started = false;

          protected override async _start(call: Call): Promise<void> {
            this.#started = true;
            await super._start(call);
          }

          override async isRunning(options?: CallOptions): Promise<boolean> {
            if (this.created && !this.#started && this.state === 'stopped') return true;
            return super.isRunning(options);
          }
        },
      }),
  },
  {
    name: 'does not tell that it is stopping',
    fails: lifecycle,
    spec: () =>
      memoryOf({ instance: listening((listener) => (change) => change.to !== 'stopping' && listener(change)) }),
  },
  {
    name: 'tells a move that is not legal',
    fails: lifecycle,
    spec: () =>
      memoryOf({
        instance: listening((listener) => (change) => {
          const illegal = change.from === 'stopping' && change.to === 'stopped';
          listener(illegal ? { ...change, from: 'closed' } : change);
        }),
      }),
  },
  {
    name: 'tells a stop when it is long over',
    fails: lifecycle,
    spec: () =>
      memoryOf({
        instance: listening((listener) => (change) => {
          if (change.to !== 'stopped') return listener(change);
          const later = new Promise((resolve) => setImmediate(resolve));
          later.then(() => listener(change)).catch(() => {});
        }),
      }),
  },
  {
    name: 'keeps the time of a start that is over',
    fails: lifecycle,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          #startedAt: string | undefined;

          override async getInfo(options?: CallOptions): Promise<InstanceInfo> {
            const info = await super.getInfo(options);
            this.#startedAt = info.startedAt ?? this.#startedAt;
            return { ...info, ...(this.#startedAt !== undefined && { startedAt: this.#startedAt }) };
          }
        },
      }),
  },
  {
    name: 'has a record that is not plain JSON',
    fails: lifecycle,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override get record(): InstanceRecord {
            return { ...super.record, data: { seen: new Date() } };
          }
        },
      }),
  },
  {
    name: 'leaves a created instance there when its block is left',
    fails: lifecycle,
    spec: () =>
      memoryOf({
        instance: class extends OwnInstance {
          override async [Symbol.asyncDispose](): Promise<void> {
            if (this.created && this.state !== 'closed') await this.cleanup({ remove: false });
            else await super[Symbol.asyncDispose]();
          }
        },
      }),
  },
  {
    name: 'removes what it was told to keep',
    fails: lifecycle,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          protected override async _cleanup(call: Call): Promise<void> {
            await super._cleanup({ ...call, remove: true });
          }
        },
      }),
  },
  {
    name: 'ends an opened instance when its block is left',
    fails: lifecycle,
    spec: () =>
      memoryOf({
        instance: class extends OwnInstance {
          override async [Symbol.asyncDispose](): Promise<void> {
            if (!this.created) await this.stop();
            await super[Symbol.asyncDispose]();
          }
        },
      }),
  },
];

/** One that knows whether it was created or opened. */
class OwnInstance extends MemoryInstance {
  readonly created: boolean;

  constructor(world: MemoryWorld, place: MemoryPlace, options: MemoryOptions) {
    super(world, place, options);
    this.created = options.created;
  }
}

type Listener = (change: StateChange) => void;

/** An instance whose listeners are told something else. */
function listening(change: (listener: Listener) => (change: StateChange) => unknown): typeof MemoryInstance {
  return class extends MemoryInstance {
    override onStateChange(listener: Listener): () => void {
      return super.onStateChange(change(listener) as Listener);
    }
  };
}
