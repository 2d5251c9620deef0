import { randomUUID } from 'node:crypto';
import { existsSync, type FSWatcher, readdirSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Call } from '@ccb/instance-interface/abstract';

const isRequest = /^interrupt-[0-9a-f-]+$/;

/**
 * How an observer asks the holder to end what runs: a file in the instance's directory, gone when it has ended. The
 * holder ends it, so that it ends as cancelled, and for certain.
 */
export class InterruptRequests {
  readonly #directory: string;
  #watcher: FSWatcher | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The holder's side. @param interrupt resolves when nothing runs any more */
  serve(interrupt: () => Promise<unknown>): void {
    this.stop();
    for (const name of this.#requests()) this.#remove(name);
    this.#watcher = watch(this.#directory, { persistent: false }, (_event, name) => {
      if (name === null || !isRequest.test(name) || !existsSync(join(this.#directory, name))) return;
      // The one who asked has a deadline of his own.
      interrupt().then(
        () => this.#remove(name),
        () => this.#remove(name),
      );
    });
    this.#watcher.on('error', () => {});
  }

  stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** The observer's side: resolves when the holder has done it. @throws the signal's reason */
  async ask({ signal }: Call): Promise<void> {
    const name = `interrupt-${randomUUID()}`;
    const path = join(this.#directory, name);
    const watcher = watch(this.#directory, { persistent: false });
    try {
      await new Promise<void>((resolve, reject) => {
        const refuse = (): void => reject(signal.reason);
        signal.addEventListener('abort', refuse, { once: true });
        watcher.on('error', reject);
        watcher.on('change', (_event, changed) => {
          if (changed === name && !existsSync(path)) resolve();
        });
        writeFileSync(`${path}.new`, '', { mode: 0o600 });
        renameSync(`${path}.new`, path);
      });
    } finally {
      watcher.close();
      rmSync(path, { force: true });
    }
  }

  #requests(): readonly string[] {
    return readdirSync(this.#directory).filter((name) => isRequest.test(name));
  }

  #remove(name: string): void {
    rmSync(join(this.#directory, name), { force: true });
  }
}
