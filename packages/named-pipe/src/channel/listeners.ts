/** What a listener throws must not stop the channel, and must not be swallowed either. */
export function callSafely<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

/** Listeners of the events of `Events`, each with one value. */
export class Listeners<Events extends Record<string, unknown>> {
  readonly #byEvent = new Map<keyof Events, Set<{ readonly call: (value: never) => void }>>();

  add<E extends keyof Events>(event: E, listener: (value: Events[E]) => void): () => void {
    const set = this.#byEvent.get(event) ?? new Set();
    this.#byEvent.set(event, set);
    const entry = { call: listener };
    set.add(entry);
    return () => void set.delete(entry);
  }

  emit<E extends keyof Events>(event: E, value: Events[E]): void {
    for (const entry of [...(this.#byEvent.get(event) ?? [])])
      callSafely(entry.call as (value: Events[E]) => void, value);
  }

  clear(): void {
    this.#byEvent.clear();
  }
}
