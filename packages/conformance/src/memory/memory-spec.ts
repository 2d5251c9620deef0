import type { ConformanceSpec } from '../spec.ts';
import { memoryCommands } from './memory-commands.ts';
import type { MemoryInstance } from './memory-instance.ts';
import { MemoryWorld } from './memory-world.ts';

/** How the suite meets the backend in memory, which can do everything and suffer everything. */
export function memorySpec(world: MemoryWorld = new MemoryWorld()): ConformanceSpec<MemoryInstance> {
  return {
    name: 'memory',
    commands: memoryCommands,
    create: async ({ name, signal }) => {
      signal.throwIfAborted();
      return world.create(name);
    },
    reopen: async (record) => world.open(record),
    observe: async (record) => world.open(record, { mode: 'observe' }),
    faults: {
      killProgram: async ({ place }) => place.killProgram(),
      killAgent: async ({ place }) => place.killAgent(),
      killBackend: async ({ place }) => place.die(),
      freeze: async ({ place }) => {
        place.wire.freeze();
        return { thaw: async () => place.wire.thaw() };
      },
    },
    leaks: async (kept) => world.leaks(kept.map(({ name }) => name)),
    testTimeoutMs: 10_000,
  };
}
