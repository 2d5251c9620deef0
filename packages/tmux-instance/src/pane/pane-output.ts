import { closeSync, constants, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { makeFifo, openReader } from '@ccb/named-pipe/fifo';

/** The reading end of the FIFO that a pane's output goes through. */
export class PaneOutput {
  readonly #path: string;
  #socket: Socket | undefined;
  #holder: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The shell command for pipe-pane, which expands `#` and, as a time, `%`. It says by a mark that it is there.
   * Opened both ways first: a host that died just now would let it wait for ever for a reader.
   */
  command(nonce: string): string {
    const path = this.#path.replaceAll("'", `'\\''`);
    const begun = `printf '\\033]133;S;k=${nonce}\\007'`;
    return `exec 3<>'${path}'; exec >'${path}' 3<&-; ${begun}; exec cat`.replaceAll('#', '##').replaceAll('%', '%%');
  }

  /** Opens it before anybody writes. What an earlier pipe left in it is gone. */
  async open(onData: (chunk: Buffer) => void, onEnd: () => void): Promise<void> {
    await makeFifo(this.#path, { mode: 0o600 });
    this.close();
    const socket = openReader(this.#path);
    // Between one who writes and the next there is no end.
    this.#holder = openSync(this.#path, constants.O_RDWR | constants.O_NONBLOCK);
    this.#socket = socket;
    socket.on('data', onData);
    socket.on('error', () => {});
    socket.once('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      onEnd();
    });
  }

  /** Who writes is there: when it goes, that is the end. */
  begun(): void {
    if (this.#holder !== undefined) closeSync(this.#holder);
    this.#holder = undefined;
  }

  close(): void {
    this.begun();
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }
}
