import { resolve } from 'node:path';
import { defaultHome, leftovers, removeLeftover } from '@ccb/container-agent';
import {
  type Backend,
  type CallOptions,
  type CreateOptions,
  type Discovered,
  type HistoryEntry,
  type HistoryOptions,
  InstanceError,
  type InstanceInterface,
  type InstanceRecord,
  type InstanceSpec,
  type OpenOptions,
  type Pruned,
  type PruneOptions,
} from '@ccb/instance-interface';
import type { LogReadOptions } from './agent-log.ts';
import { type BackendSource, BackendSources } from './backend-sources.ts';
import { createInstance } from './creation.ts';
import { instanceLog } from './instance-log.ts';
import { recordOf } from './instance-place.ts';
import { type ListedInstance, listInstances } from './listing.ts';
import { openInstance } from './opening.ts';
import { discardInstance, type RemoveOptions, removeInstance } from './removal.ts';

export type { RemoveOptions } from './removal.ts';

export interface ManagerOptions {
  /** Where instances are kept. Default `$CCB_HOME`, else `$XDG_STATE_HOME/ccb`, else `~/.local/state/ccb`. */
  readonly home?: string | undefined;
  /** What instances can be made of, or where to load it from when the first one needs it. */
  readonly backends: readonly (Backend | BackendSource)[];
}

export interface ManagedOpenOptions extends OpenOptions {
  /**
   * Wait for whoever holds the instance now, until `signal` or `timeoutMs` (ms; none: for ever). When many wait, one of
   * them is next, in no certain order. Default false.
   */
  readonly wait?: boolean | undefined;
}

/**
 * Named instances in one directory. It keeps nothing in memory and runs nothing: any number of processes may have one on the
 * same directory, and be killed at any moment.
 */
export class InstanceManager {
  /** Absolute. */
  readonly home: string;
  readonly #backends: BackendSources;

  /** @throws {TypeError} when two backends have the same type */
  constructor({ home, backends }: ManagerOptions) {
    this.home = resolve(home ?? defaultHome());
    this.#backends = new BackendSources(backends);
  }

  /** Of the backends, in the order in which they were given. */
  get types(): readonly string[] {
    return this.#backends.types;
  }

  /** @throws {InstanceError} CCB_BACKEND_UNKNOWN */
  backend(type: string): Promise<Backend> {
    return this.#backends.load(type);
  }

  /**
   * Made and held, not started: the first command, or `start()`, starts it. Its record is there before anything outside is.
   * @throws {InstanceError} CCB_NAME_TAKEN by an instance of whatever backend, CCB_BACKEND_UNKNOWN, what the backend says
   * @throws {TypeError} for a bad spec
   */
  async create(spec: InstanceSpec, options: CreateOptions = {}): Promise<InstanceInterface> {
    const backend = await this.#backends.load(spec.type);
    return await createInstance(this.home, backend, backend.parseSpec(spec), options);
  }

  /**
   * Makes an instance of something that exists, named as a person names it: a container, a tmux session.
   * @throws {InstanceError} CCB_NOT_SUPPORTED where the backend adopts nothing, CCB_NOT_FOUND, CCB_NAME_TAKEN
   */
  async adopt(spec: InstanceSpec, target: string, options: CreateOptions = {}): Promise<InstanceInterface> {
    const backend = await this.#backends.load(spec.type);
    if (backend.adopting === undefined)
      throw new InstanceError('CCB_NOT_SUPPORTED', `The ${spec.type} backend cannot adopt what others have made.`);
    return await createInstance(this.home, backend, backend.adopting(backend.parseSpec(spec), target), options);
  }

  /**
   * Holds an instance, or looks at it beside its holder (`mode: 'observe'`).
   * @throws {InstanceError} CCB_NOT_FOUND, CCB_LOCKED with pid, begin and command of the holder, CCB_RECORD_INVALID, CCB_BACKEND_UNKNOWN
   */
  open(name: string, options: ManagedOpenOptions = {}): Promise<InstanceInterface> {
    return openInstance(this.home, this.#backends, name, options);
  }

  /** What was persisted. @throws {InstanceError} CCB_NOT_FOUND, CCB_RECORD_INVALID */
  record(name: string): InstanceRecord {
    return recordOf(this.home, name);
  }

  /** All instances by name, each with its state of this moment. Takes no hold. */
  list(options: CallOptions = {}): Promise<readonly ListedInstance[]> {
    return listInstances(this.home, this.#backends, options);
  }

  /** What every backend finds, also what could be adopted. A backend that cannot be asked says so. */
  async discover(options: CallOptions = {}): Promise<readonly Discovered[]> {
    return await this.#ofAll(
      async (backend) => (await backend.discover?.(options)) ?? [],
      (type, problem) => ({ type, description: `cannot be looked at: ${problem}`, ours: false }),
    );
  }

  /** The commands of an instance and their events, beside whoever holds it. @throws {InstanceError} CCB_NOT_FOUND, CCB_NOT_SUPPORTED */
  async *history(name: string, options: HistoryOptions = {}): AsyncIterable<HistoryEntry> {
    const instance = await this.open(name, { mode: 'observe', signal: options.signal });
    try {
      yield* instance.history(options);
    } finally {
      await instance.detach();
    }
  }

  /**
   * What an instance has to say beside its answers, beside whoever holds it: a container's log, a terminal's screen, else
   * the log of its agent. @throws {InstanceError} CCB_NOT_FOUND
   */
  async *logs(name: string, options: LogReadOptions = {}): AsyncIterable<string> {
    const instance = await this.open(name, { mode: 'observe', signal: options.signal });
    try {
      yield* instanceLog(this.home, instance, options);
    } finally {
      await instance.detach();
    }
  }

  /**
   * Another name for a stopped instance that nobody holds.
   * @throws {InstanceError} CCB_NOT_FOUND, CCB_NAME_TAKEN, CCB_LOCKED, CCB_INVALID_STATE while it runs, CCB_NOT_SUPPORTED
   */
  async rename(name: string, next: string, options: CallOptions = {}): Promise<InstanceRecord> {
    const record = this.record(name);
    const backend = await this.#backends.load(record.type);
    if (backend.rename !== undefined) return await backend.rename(record, next, options);
    throw new InstanceError('CCB_NOT_SUPPORTED', `The ${record.type} backend cannot rename its instances.`, {
      instance: name,
    });
  }

  /**
   * Ends a stopped instance that nobody holds, and deletes what is ours of it; `force`: also one that runs.
   * @throws {InstanceError} CCB_NOT_FOUND, CCB_LOCKED, CCB_INVALID_STATE while it runs and `force` is not given
   */
  remove(name: string, options: RemoveOptions = {}): Promise<void> {
    return removeInstance(this.home, this.#backends, name, options);
  }

  /** Ends an instance that this process holds, and deletes what is ours of it: directory and record too, whoever keeps them. */
  discard(instance: InstanceInterface, options: CallOptions = {}): Promise<void> {
    return discardInstance(this.home, instance, options);
  }

  /** Removes what is ours, nobody has any more, and is confirmed dead; stopped instances stay. */
  async prune(options: PruneOptions = {}): Promise<readonly Pruned[]> {
    const removed = await this.#ofAll(
      async (backend) => (await backend.prune?.(options)) ?? [],
      (type, problem): Pruned => ({ type, description: 'could not be looked at', problem }),
    );
    const halves = (await leftovers(this.home)).map((directory): Pruned => {
      if (options.dryRun !== true) removeLeftover(directory);
      return { type: 'directory', description: `${directory}, half of an instance` };
    });
    return [...removed, ...halves];
  }

  async #ofAll<T>(
    ask: (backend: Backend) => Promise<readonly T[]>,
    failed: (type: string, problem: string) => T,
  ): Promise<readonly T[]> {
    const answers = await Promise.all(
      this.types.map(async (type): Promise<readonly T[]> => {
        try {
          return await ask(await this.#backends.load(type));
        } catch (error) {
          return [failed(type, error instanceof Error ? error.message : String(error))];
        }
      }),
    );
    return answers.flat();
  }
}
