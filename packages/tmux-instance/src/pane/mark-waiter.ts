import type { Call } from '@ccb/instance-interface/abstract';
import type { Mark } from '../marks/mark.ts';

interface Waiting {
  readonly kind: string;
  readonly resolve: (mark: Mark) => void;
  readonly reject: (error: unknown) => void;
}

/** Waits for one mark at a time. */
export class MarkWaiter {
  #waiting: Waiting | undefined;

  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** The next mark of this kind. @throws what it fails with, or the signal's reason */
  when(kind: string, { signal }: Call): Promise<Mark> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        signal.removeEventListener('abort', leave);
        this.#waiting = undefined;
      };
      const leave = (): void => {
        end();
        reject(signal.reason);
      };
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting = {
        kind,
        resolve(mark) {
          end();
          resolve(mark);
        },
        reject(error) {
          end();
          reject(error);
        },
      };
    });
  }

  /** @returns false for a mark that nobody waits for */
  take(mark: Mark): boolean {
    if (this.#waiting?.kind !== mark.kind) return false;
    this.#waiting.resolve(mark);
    return true;
  }

  fail(error: unknown): void {
    this.#waiting?.reject(error);
  }
}
