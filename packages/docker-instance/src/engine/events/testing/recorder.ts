import type { EngineEvent } from '../../engine.ts';

/** A listener that remembers, and that can be waited for. */
export class Recorder {
  readonly events: EngineEvent[] = [];
  readonly #waiting: Set<() => void> = new Set();

  readonly listen = (event: EngineEvent): void => {
    this.events.push(event);
    for (const look of this.#waiting) look();
  };

  get actions(): readonly string[] {
    return this.events.map(({ action }) => action);
  }

  /** The first event of this action from the `from`th on, come or to come. */
  until(action: string, from = 0): Promise<EngineEvent> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.events.slice(from).find((event) => event.action === action);
        if (!found) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
