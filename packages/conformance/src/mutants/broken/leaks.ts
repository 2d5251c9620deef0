import { openSync } from 'node:fs';
import type { CleanupOptions } from '@ccb/instance-interface';
import { leaks } from '../../groups/leaks.ts';
import { MemoryInstance } from '../../memory/memory-instance.ts';
import { memorySpec } from '../../memory/memory-spec.ts';
import { MemoryTurn } from '../../memory/memory-turn.ts';
import { MemoryWorld } from '../../memory/memory-world.ts';
import { type Mutant, memoryOf } from '../mutant.ts';

const longMs = 600_000;
const childMs = 50;

export const leaksMutants: readonly Mutant[] = [
  {
    name: 'leaves a timer behind when it lets go',
    fails: leaks,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          protected override async _detach(): Promise<void> {
            setTimeout(() => {}, longMs);
            await super._detach();
          }
        },
      }),
  },
  {
    name: 'leaves a file descriptor open when it lets go',
    fails: leaks,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          protected override async _detach(): Promise<void> {
            openSync('/dev/null', 'r');
            await super._detach();
          }
        },
      }),
  },
  {
    name: 'leaves the place of a creation that was aborted',
    fails: leaks,
    spec: () => {
      const world = new MemoryWorld();
      return {
        ...memorySpec(world),
        create: async ({ name, signal }) => {
          const instance = world.create(name);
          signal.throwIfAborted();
          return instance;
        },
      };
    },
  },
  {
    name: 'leaves a background child alive at the clean-up',
    fails: leaks,
    spec: () => {
      const children = new Set<string>();
      const spec = memoryOf({
        turn: class extends MemoryTurn {
          override background(child: (write: (text: string) => void) => void): void {
            children.add(`child of ${this.id}`);
            setTimeout(() => children.delete(`child of ${this.id}`), childMs);
            super.background(child);
          }
        },
      });
      return { ...spec, leaks: async (kept) => [...(await spec.leaks(kept)), ...children] };
    },
  },
  {
    name: 'finishes a start that is cleaned up',
    fails: leaks,
    spec: () =>
      memoryOf({
        instance: class extends MemoryInstance {
          override async cleanup(options?: CleanupOptions): Promise<void> {
            if (this.state === 'starting') await this.start();
            await super.cleanup(options);
          }
        },
      }),
  },
];
