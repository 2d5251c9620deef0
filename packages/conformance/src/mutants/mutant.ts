import type { InstanceRecord } from '@ccb/instance-interface';
import type { Answer } from '@ccb/instance-interface/abstract';
import type { Group } from '../bench.ts';
import { MemoryInstance, type MemoryOptions } from '../memory/memory-instance.ts';
import type { MemoryJournal } from '../memory/memory-journal.ts';
import { MemoryPlace } from '../memory/memory-place.ts';
import type { MemoryProgram } from '../memory/memory-program.ts';
import { memorySpec } from '../memory/memory-spec.ts';
import type { MemoryTurn } from '../memory/memory-turn.ts';
import { MemoryWorld } from '../memory/memory-world.ts';
import type { ConformanceSpec } from '../spec.ts';

/** The backend in memory with one small defect, which the suite must find. */
export interface Mutant {
  /** The defect in plain words: `loses a chunk`. */
  readonly name: string;
  /** The group that must find it. */
  readonly fails: Group;
  /** The groups that cannot help finding it too. */
  readonly also?: readonly { readonly group: Group; readonly because: string }[];
  spec(): ConformanceSpec<MemoryInstance>;
}

/** The names of all groups that fail. */
export function expectedOf({ fails, also = [] }: Mutant): readonly string[] {
  return [fails, ...also.map(({ group }) => group)].map(({ name }) => name);
}

/** What the defect is in; all else is as it should be. */
export interface Parts {
  readonly instance?: typeof MemoryInstance;
  readonly place?: typeof MemoryPlace;
  readonly turn?: typeof MemoryTurn;
  readonly journal?: typeof MemoryJournal;
  readonly program?: typeof MemoryProgram;
}

/** How the suite meets a world made of these parts. */
export function memoryOf(parts: Parts): ConformanceSpec<MemoryInstance> {
  const Instance = parts.instance ?? MemoryInstance;
  const Place = placeOf(parts);
  class MutantWorld extends MemoryWorld {
    protected override makePlace(record: InstanceRecord): MemoryPlace {
      return new Place(record);
    }

    protected override makeInstance(place: MemoryPlace, options: MemoryOptions): MemoryInstance {
      return new Instance(this, place, options);
    }
  }
  return memorySpec(new MutantWorld());
}

function placeOf({ place = MemoryPlace, turn, journal, program }: Parts): typeof MemoryPlace {
  return class extends place {
    protected override makeJournal(): MemoryJournal {
      return journal === undefined ? super.makeJournal() : new journal();
    }

    protected override makeProgram(conversation: readonly string[]): MemoryProgram {
      return program === undefined ? super.makeProgram(conversation) : new program(conversation);
    }

    protected override makeTurn(answer: Answer): MemoryTurn {
      return turn === undefined ? super.makeTurn(answer) : new turn(answer, this);
    }
  };
}

/** The same object, but for these properties. */
export function altered<T extends object>(object: T, changes: Partial<T>): T {
  return new Proxy(object, {
    get(target, key) {
      if (key in changes) return Reflect.get(changes, key);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
}
