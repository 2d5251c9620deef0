import { closeSync, constants, openSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { InstanceError } from '@ccb/instance-interface';
import { makeFifo, openWriter } from '@ccb/named-pipe/fifo';
import type { Launch } from '../programs/program.ts';
import { launchScript } from './launch-script.ts';

/** The way of environment and arguments to a launcher: they are in no process list, and on no disk. */
export class LaunchFifo {
  readonly path: string;
  #holder: number | undefined;
  #writer: Writable | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** From now on a launcher can open it. */
  async open(): Promise<void> {
    await makeFifo(this.path, { mode: 0o600 });
    this.close();
    this.#holder = openSync(this.path, constants.O_RDWR | constants.O_NONBLOCK);
  }

  /** To the launcher, who has opened it. */
  give(launch: Launch, nonce: string): void {
    const writer = openWriter(this.path);
    if (writer === undefined) throw new InstanceError('CCB_PIPE', `${this.path}: its launcher is gone.`);
    writer.on('error', () => {});
    this.#writer = writer;
    writer.end(launchScript(launch, nonce));
    this.#release();
  }

  close(): void {
    this.#release();
    this.#writer?.destroy();
    this.#writer = undefined;
  }

  #release(): void {
    if (this.#holder !== undefined) closeSync(this.#holder);
    this.#holder = undefined;
  }
}
