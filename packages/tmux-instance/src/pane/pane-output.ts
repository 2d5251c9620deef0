import type { Socket } from 'node:net';
import { makeFifo, openReader } from '@ccb/named-pipe/fifo';

/** The reading end of the FIFO that a pane's output goes through. */
export class PaneOutput {
  readonly #path: string;
  #socket: Socket | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The shell command for pipe-pane, which expands `#` and, as a time, `%`.
   * Opened both ways first: a host that died just now would let it wait for ever for a reader.
   */
  get command(): string {
    const path = this.#path.replaceAll("'", `'\\''`);
    return `exec 3<>'${path}'; exec cat >'${path}' 3<&-`.replaceAll('#', '##').replaceAll('%', '%%');
  }

  /** Opens it before anybody writes. What an earlier pipe left in it is gone. */
  async open(onData: (chunk: Buffer) => void, onEnd: () => void): Promise<void> {
    await makeFifo(this.#path, { mode: 0o600 });
    this.close();
    const socket = openReader(this.#path);
    this.#socket = socket;
    socket.on('data', onData);
    socket.on('error', () => {});
    socket.once('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      onEnd();
    });
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }
}
