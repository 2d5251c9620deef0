import { acquireLock, type FileLock, isLocked, type LockHolder, readHolder } from '@ccb/named-pipe/lock';
import { translated } from './foreign-error.ts';

export interface HoldOptions {
  /** The lock, if it was taken already. */
  readonly held?: FileLock | undefined;
  /** What a refused caller is told about this holder. Default: the name of the script that runs. */
  readonly holder?: string | undefined;
  /** Throws when the directory is gone or another's: it can become so while the lock is waited for. */
  readonly assertOwn?: (() => void) | undefined;
}

/** The one hold of an instance: a kernel lock, freed by the kernel when this process dies. */
export class Hold {
  readonly #path: string;
  readonly #name: string;
  readonly #options: HoldOptions;
  #lock: FileLock | undefined;

  /**
   * @param path the lock's, outside of everything that others can write
   * @param name the instance's, for errors
   */
  constructor(path: string, name: string, options: HoldOptions = {}) {
    this.#path = path;
    this.#name = name;
    this.#options = options;
    this.#lock = options.held;
  }

  get isHeld(): boolean {
    return this.#lock !== undefined;
  }

  /** Idempotent. @throws {InstanceError} CCB_LOCKED naming the holder, CCB_PIPE */
  async take(signal: AbortSignal): Promise<void> {
    if (this.isHeld) return;
    const { holder, assertOwn } = this.#options;
    try {
      this.#lock = await acquireLock(this.#path, { signal, command: holder });
    } catch (error) {
      // It says more than the lock: the instance may be gone by now, and its lock with it.
      assertOwn?.();
      throw translated(this.#name, error);
    }
    try {
      assertOwn?.();
    } catch (error) {
      await this.release();
      throw error;
    }
  }

  /** Idempotent. */
  async release(): Promise<void> {
    const lock = this.#lock;
    this.#lock = undefined;
    await lock?.release();
  }

  /** Who holds it now, this process or another one; undefined: nobody, or somebody without a name. */
  async holder(): Promise<LockHolder | undefined> {
    try {
      return this.isHeld || (await isLocked(this.#path)) ? readHolder(this.#path) : undefined;
    } catch (error) {
      throw translated(this.#name, error);
    }
  }
}
