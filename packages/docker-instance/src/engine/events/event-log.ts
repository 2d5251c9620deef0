import { type ContainerEvent, parseContainerEvent } from './container-event.ts';

/**
 * Two engine's threads may publish out of the order of their times: a stream that is opened again asks for a little more
 * than it has.
 */
const OVERLAP_MS = 1_000;
const MAX_KNOWN = 2_048;

/** What was seen of an engine's events over all its streams: each once. All times are the engine's own. */
export class EventLog {
  // The lines themselves: an engine repeats an event letter by letter, and its time in ns does not fit a number.
  readonly #known: Map<string, number> = new Map();
  #start: number | undefined;
  #last: number | undefined;

  /** `start`: when the watching began. Without it, it begins with the first event. */
  constructor(start: Date | undefined) {
    this.#start = start?.getTime();
  }

  /** Where the next stream has to begin; undefined: nothing is known of the engine's clock. */
  get since(): Date | undefined {
    if (this.#start === undefined) return undefined;
    return new Date(Math.max(this.#start, (this.#last ?? this.#start) - OVERLAP_MS));
  }

  /** undefined: it was seen before, or is no container's. @throws {SyntaxError} the line is no event */
  take(line: Buffer): ContainerEvent | undefined {
    const found = parseContainerEvent(line);
    if (!found) return undefined;
    const key = line.toString();
    if (this.#known.has(key)) return undefined;
    const at = found.event.at.getTime();
    this.#start ??= at;
    this.#last = Math.max(at, this.#last ?? at);
    this.#known.set(key, at);
    this.#forget(this.#last - 2 * OVERLAP_MS);
    return found;
  }

  #forget(before: number): void {
    for (const [key, at] of this.#known) {
      if (at >= before && this.#known.size <= MAX_KNOWN) return;
      this.#known.delete(key);
    }
  }
}
