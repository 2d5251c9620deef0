import { closeSync, constants, ftruncateSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { JournalBrokenError, JournalFullError } from './errors.ts';
import type { Lost } from './lost.ts';
import { createOwned, cutBack, openOwned, writeFully } from './owned-file.ts';

const RESERVE_FILE = 'reserve';

/** Disk blocks that are held while there is room, so that one last line can be written when there is none. */
export class Reserve {
  readonly #path: string;
  readonly #bytes: number;
  readonly #lost: Lost;
  #ready = false;

  constructor(directory: string, bytes: number, lost: Lost) {
    this.#path = join(directory, RESERVE_FILE);
    this.#bytes = bytes;
    this.#lost = lost;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Makes it, or makes it anew over what is there: zeros, since a hole would hold no blocks. False while there is no room. */
  fill(): boolean {
    this.#ready = false;
    let fd: number | undefined;
    try {
      fd = this.#open();
      writeFully(fd, [Buffer.alloc(this.#bytes)], this.#bytes, 0);
      ftruncateSync(fd, this.#bytes);
      this.#ready = true;
    } catch {
      // Half a reserve takes room from whatever would make the disk usable again.
      if (fd !== undefined) cutBack(fd, 0);
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
    return this.#ready;
  }

  /** Turns it into the file `target`, which then holds `line` alone. @throws {JournalFullError} */
  become(target: string, line: Uint8Array): void {
    const what = `The last line of ${line.length} bytes`;
    if (!this.#ready) throw new JournalFullError(what, new Error('the reserve is used up'));
    if (line.length > this.#bytes) {
      throw new JournalFullError(what, new Error(`the reserve has ${this.#bytes} bytes`));
    }
    this.#ready = false;
    try {
      const file = openOwned(this.#path, constants.O_RDWR, this.#bytes);
      if (!file) throw new Error('the reserve is gone');
      try {
        writeFully(file.fd, [line], line.length, 0);
        ftruncateSync(file.fd, line.length);
      } finally {
        closeSync(file.fd);
      }
      renameSync(this.#path, target);
    } catch (error) {
      throw new JournalFullError(what, error);
    }
  }

  #open(): number {
    try {
      const file = openOwned(this.#path, constants.O_RDWR, this.#bytes);
      if (file) return file.fd;
    } catch (error) {
      if (!(error instanceof JournalBrokenError)) throw error;
      this.#lost.take(RESERVE_FILE, error.message);
    }
    return createOwned(this.#path);
  }
}
