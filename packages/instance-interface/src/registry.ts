import type { Backend, CreateOptions, InstanceSpec, OpenOptions } from './backend.ts';
import { InstanceError } from './error.ts';
import type { InstanceInterface } from './instance.ts';
import type { InstanceRecord } from './record.ts';

/** What a backend's `create` takes. */
export type SpecOf<B> = B extends Backend<infer S, InstanceInterface> ? S : never;
/** What a backend's `create` and `open` give. */
export type InstanceOf<B> = B extends Backend<infer _S, infer I> ? I : never;

/** The backends that a program chose, by type. */
export interface Registry<B extends Backend = Backend> {
  /** In the order in which they were given. */
  readonly types: readonly B['type'][];
  /** @throws {InstanceError} CCB_BACKEND_UNKNOWN, naming the known ones */
  get<T extends B['type']>(type: T): Extract<B, { readonly type: T }>;
  /**
   * Unknown JSON in, a spec out: how a configuration file swaps backends.
   * @throws {InstanceError} CCB_BACKEND_UNKNOWN
   * @throws {TypeError} with the path of the field
   */
  parseSpec(value: unknown): SpecOf<B>;
  /** Made, not started. @throws {InstanceError} CCB_BACKEND_UNKNOWN, what the backend says */
  create<T extends B['type']>(
    spec: { readonly type: T } & SpecOf<Extract<B, { readonly type: T }>>,
    options?: CreateOptions,
  ): Promise<InstanceOf<Extract<B, { readonly type: T }>>>;
  /** @throws {InstanceError} CCB_BACKEND_UNKNOWN, what the backend says */
  open(record: InstanceRecord, options?: OpenOptions): Promise<InstanceOf<B>>;
}

/** @throws {TypeError} when two backends have the same type */
export function createRegistry<const B extends readonly Backend[]>(backends: B): Registry<B[number]> {
  const byType = new Map<string, Backend>();
  for (const backend of backends) {
    if (byType.has(backend.type)) throw new TypeError(`Two backends have the type ${JSON.stringify(backend.type)}.`);
    byType.set(backend.type, backend);
  }
  const types = Object.freeze([...byType.keys()]);

  const find = (type: string): Backend => {
    const backend = byType.get(type);
    if (backend !== undefined) return backend;
    const known = types.length === 0 ? 'none is registered' : `known are ${types.join(', ')}`;
    throw new InstanceError('CCB_BACKEND_UNKNOWN', `There is no backend of type ${JSON.stringify(type)}: ${known}.`);
  };
  const registry = {
    types,
    get: find,
    parseSpec(value: unknown): InstanceSpec {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw new TypeError('spec must be an object such as {"type": "process", "name": "work"}.');
      }
      const { type } = value as { readonly type?: unknown };
      if (typeof type !== 'string') throw new TypeError('spec.type must be a string, the type of a backend.');
      return find(type).parseSpec(value);
    },
    create: async (spec: InstanceSpec, options?: CreateOptions) => find(spec.type).create(spec, options),
    open: async (record: InstanceRecord, options?: OpenOptions) => find(record.type).open(record, options),
  };
  // The implementation is written for any backend; only the signature knows which ones were given.
  return registry as unknown as Registry<B[number]>;
}
