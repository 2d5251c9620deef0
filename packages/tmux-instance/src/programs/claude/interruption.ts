import { closeSync, type FSWatcher, fstatSync, openSync, readSync, statSync, watch } from 'node:fs';

const told = '[Request interrupted by user';

/** Sees in the conversation's own file that a turn was interrupted: no hook tells that. */
export class Interruption implements Disposable {
  readonly #path: string;
  readonly #onSeen: () => void;
  readonly #watcher: FSWatcher | undefined;
  #offset: number;
  #seen = false;

  /** Looks at what is written from now on. @param onSeen called once */
  constructor(path: string, onSeen: () => void) {
    this.#path = path;
    this.#onSeen = onSeen;
    this.#offset = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    try {
      this.#watcher = watch(path, { persistent: false }, () => this.#look());
      this.#watcher.on('error', () => {});
    } catch {
      // Nothing was ever said in this conversation.
    }
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
  }

  #look(): void {
    if (this.#seen) return;
    const fd = openSync(this.#path, 'r');
    try {
      const length = fstatSync(fd).size - this.#offset;
      if (length <= 0) return;
      const bytes = Buffer.allocUnsafe(length);
      readSync(fd, bytes, 0, length, this.#offset);
      if (!bytes.includes(told)) {
        // It may be written in two parts.
        this.#offset += Math.max(0, length - told.length);
        return;
      }
      this.#seen = true;
      this.#onSeen();
    } finally {
      closeSync(fd);
    }
  }
}
