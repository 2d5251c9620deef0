import { type ClaimOptions, claimDirectory, discard, type InstanceLayout, writeRecord } from '@ccb/container-agent';
import type { InstanceInterface, InstanceRecord } from '@ccb/instance-interface';
import type { FileLock } from '@ccb/named-pipe/lock';

/** For an instance whose backend keeps nothing on this machine: directory, record and hold are the manager's to keep. */
export class KeptHold {
  readonly #layout: InstanceLayout;
  #lock: FileLock | undefined;

  constructor(layout: InstanceLayout, lock?: FileLock | undefined) {
    this.#layout = layout;
    this.#lock = lock;
  }

  /** @throws {InstanceError} CCB_NAME_TAKEN */
  async claim(record: InstanceRecord, options: ClaimOptions): Promise<void> {
    if (this.#lock === undefined) this.#lock = await claimDirectory(this.#layout, record, options);
    else writeRecord(this.#layout, record);
  }

  /** Until the handle is closed. */
  lendTo(instance: InstanceInterface): void {
    const unsubscribe = instance.onStateChange(({ to }) => {
      if (to !== 'closed') return;
      unsubscribe();
      void this.release();
    });
  }

  /** Idempotent. */
  async release(): Promise<void> {
    const lock = this.#lock;
    this.#lock = undefined;
    await lock?.release();
  }

  async discard(): Promise<void> {
    if (this.#lock !== undefined) discard(this.#layout);
    await this.release();
  }
}
