import { assertInstanceName, InstanceError, type InstanceRecord, type OpenOptions } from '@ccb/instance-interface';
import { MemoryInstance, type MemoryOptions } from './memory-instance.ts';
import { MemoryPlace } from './memory-place.ts';

/** All places there are, by the names of their instances. What a disk and an engine are to other backends. */
export class MemoryWorld {
  readonly #places = new Map<string, MemoryPlace>();

  protected makePlace(record: InstanceRecord): MemoryPlace {
    return new MemoryPlace(record);
  }

  protected makeInstance(place: MemoryPlace, options: MemoryOptions): MemoryInstance {
    return new MemoryInstance(this, place, options);
  }

  /** @throws {InstanceError} CCB_NAME_TAKEN */
  create(name: string, options: OpenOptions = {}): MemoryInstance {
    assertInstanceName(name);
    if (this.#places.has(name)) {
      throw new InstanceError('CCB_NAME_TAKEN', `${name}: there is one of this name. Open it, or take another name.`);
    }
    const createdAt = new Date().toISOString();
    const place = this.makePlace({ version: 1, name, type: 'memory', createdAt, program: 'memory', data: {} });
    this.#places.set(name, place);
    return this.#enter(place, { ...options, created: true });
  }

  /** @throws {InstanceError} CCB_NOT_FOUND, CCB_LOCKED */
  open(record: InstanceRecord, options: OpenOptions = {}): MemoryInstance {
    const place = this.#places.get(record.name);
    if (place === undefined) {
      throw new InstanceError('CCB_NOT_FOUND', `${record.name}: there is no such place any more. Create it anew.`);
    }
    return this.#enter(place, { ...options, created: false });
  }

  remove(place: MemoryPlace): void {
    this.#places.delete(place.record.name);
  }

  /** Everything that is open, by name; but for these instances. */
  leaks(kept: readonly string[] = []): readonly string[] {
    const places = [...this.#places].filter(([name]) => !kept.includes(name));
    return places.flatMap(([name, { holder, visitors, timers, isUp }]) => [
      `place ${name}`,
      ...(isUp ? [`program of ${name}`] : []),
      ...(holder === undefined ? [] : [`hold of ${name}`]),
      ...[...visitors].map(() => `handle of ${name}`),
      ...[...timers].map(() => `timer of ${name}`),
    ]);
  }

  #enter(place: MemoryPlace, options: MemoryOptions): MemoryInstance {
    const instance = this.makeInstance(place, options);
    instance.enter();
    return instance;
  }
}
