/** First in, first out; any one may leave before its turn. */
export class Queue<T> {
  readonly #waiting: T[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  push(item: T): void {
    this.#waiting.push(item);
  }

  shift(): T | undefined {
    return this.#waiting.shift();
  }

  /** @returns false when it did not wait here */
  remove(item: T): boolean {
    const index = this.#waiting.indexOf(item);
    if (index === -1) return false;
    this.#waiting.splice(index, 1);
    return true;
  }

  /** Everything that waited, in order; the queue is empty then. */
  clear(): readonly T[] {
    return this.#waiting.splice(0);
  }
}
