import { type Backend, InstanceError } from '@ccb/instance-interface';

/** A backend that is loaded when the first instance needs it. */
export interface BackendSource {
  readonly type: string;
  load(): Backend | Promise<Backend>;
}

/** The backends of a manager, by type. */
export class BackendSources {
  readonly #sources = new Map<string, BackendSource>();
  readonly #loaded = new Map<string, Promise<Backend>>();

  /** @throws {TypeError} when two have the same type */
  constructor(backends: readonly (Backend | BackendSource)[]) {
    for (const backend of backends) {
      const { type } = backend;
      if (this.#sources.has(type)) throw new TypeError(`Two backends have the type ${JSON.stringify(type)}.`);
      this.#sources.set(type, 'load' in backend ? backend : { type, load: () => backend });
    }
  }

  get types(): readonly string[] {
    return [...this.#sources.keys()];
  }

  /** @throws {InstanceError} CCB_BACKEND_UNKNOWN, what its loading says */
  load(type: string): Promise<Backend> {
    const before = this.#loaded.get(type);
    if (before !== undefined) return before;
    const loading = this.#load(type);
    this.#loaded.set(type, loading);
    // One that failed may be there the next time.
    loading.catch(() => this.#loaded.delete(type));
    return loading;
  }

  async #load(type: string): Promise<Backend> {
    const source = this.#sources.get(type);
    if (source !== undefined) return await source.load();
    const message = `There is no backend of type ${JSON.stringify(type)}. Choose one of: ${this.types.join(', ')}; or name the package that has it in the configuration.`;
    throw new InstanceError('CCB_BACKEND_UNKNOWN', message);
  }
}
