import { acquireLock, type FileLock, isLocked, type LockHolder, readHolder } from '@ccb/named-pipe/lock';
import { translated } from './foreign-error.ts';

/** The one hold of an instance: a kernel lock, freed by the kernel when this process dies. */
export class Hold {
  readonly #path: string;
  readonly #name: string;
  #lock: FileLock | undefined;

  /**
   * @param path the lock's, outside of everything that others can write
   * @param name the instance's, for errors
   * @param held the lock, if it was taken already
   */
  constructor(path: string, name: string, held?: FileLock | undefined) {
    this.#path = path;
    this.#name = name;
    this.#lock = held;
  }

  get isHeld(): boolean {
    return this.#lock !== undefined;
  }

  /** Idempotent. @throws {InstanceError} CCB_LOCKED naming the holder, CCB_PIPE */
  async take(signal: AbortSignal): Promise<void> {
    if (this.isHeld) return;
    try {
      this.#lock = await acquireLock(this.#path, { signal });
    } catch (error) {
      throw translated(this.#name, error);
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
