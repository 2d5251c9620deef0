import { closeSync, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { setImmediate as nextTick } from 'node:timers/promises';

const roomBytes = 64 * 1024;

/** stdout: lines in order, never blocking, so that a reader who waits can still interrupt. */
export class Output {
  readonly #stream: Writable = open();
  #queue: Buffer[] = [];
  #queued = 0;
  #pumping: Promise<void> | undefined;
  #closed = false;
  #seed = 1;
  /** Each line in several pieces. */
  split = false;

  constructor(gone: () => void) {
    this.#stream.on('error', () => {
      if (!this.#closed) gone();
    });
  }

  line(message: object): void {
    this.raw(`${JSON.stringify(message)}\n`);
  }

  raw(bytes: string | Buffer): void {
    if (this.#closed) return;
    const buffer = Buffer.from(bytes as string);
    this.#queued += buffer.length;
    this.#queue.push(buffer);
    this.#pumping ??= this.#pump();
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    if (this.#queued > roomBytes) await this.flushed();
  }

  /** Resolves when the system has everything. */
  async flushed(): Promise<void> {
    await this.#pumping;
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#stream.destroy();
    // The stream leaves the standard descriptors open; nothing else may get this one.
    closeSync(1);
    openSync('/dev/null', 'w');
  }

  async #pump(): Promise<void> {
    await Promise.resolve();
    while (this.#queue.length > 0 && !this.#closed) {
      const bytes = Buffer.concat(this.#queue);
      this.#queue = [];
      for (const piece of this.split ? this.#pieces(bytes) : [bytes]) {
        await new Promise<void>((resolve) => this.#stream.write(piece, () => resolve()));
        if (this.split) await nextTick();
      }
      this.#queued -= bytes.length;
    }
    this.#pumping = undefined;
  }

  *#pieces(bytes: Buffer): Generator<Buffer> {
    const longest = Math.max(16, bytes.length / 64);
    for (let at = 0; at < bytes.length; ) {
      this.#seed = (this.#seed * 48_271) % 2_147_483_647;
      const next = at + 1 + Math.floor(this.#seed % longest);
      yield bytes.subarray(at, next);
      at = next;
    }
  }
}

// process.stdout would write synchronously to a pipe, and nothing could be read while its reader waits.
function open(): Writable {
  const stat = fstatSync(1);
  return stat.isFIFO() || stat.isSocket() ? new Socket({ fd: 1, readable: false, writable: true }) : process.stdout;
}
