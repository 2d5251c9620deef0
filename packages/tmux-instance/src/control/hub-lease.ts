import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFifo } from '@ccb/named-pipe/fifo';

/**
 * What keeps the session of a control client open: its pane reads a FIFO that this process holds, and ends with it,
 * however this process ends. (The option destroy-unattached would do, but tmux 3.3a crashes when a control client whose
 * session it destroys still has something to be told.)
 */
export class HubLease {
  readonly #directory: string;
  readonly #holder: number;

  private constructor(directory: string, holder: number) {
    this.#directory = directory;
    this.#holder = holder;
  }

  static async create(): Promise<HubLease> {
    const directory = mkdtempSync(join(tmpdir(), 'ccb-hub-'));
    try {
      const path = join(directory, 'lease');
      await makeFifo(path, { mode: 0o600 });
      return new HubLease(directory, openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** What the pane runs. Nothing of it is left on disk once it runs. */
  get command(): readonly string[] {
    // Opened both ways first: whoever is let go at once would leave it waiting for a writer for ever.
    const wait = [
      'exec 4<>"$1/lease" 3<"$1/lease" 4<&-; rm -rf "$1"',
      'read -r client <&3; cat <&3',
      'read -r program <"/proc/$client/comm" && [ "$program" = "tmux: client" ] && kill -9 "$client"',
    ].join('; ');
    return ['/bin/sh', '-c', wait, 'sh', this.#directory];
  }

  /**
   * Says which process the client is: the pane ends it too. Without its host it would stay for ever where the server has
   * something to tell it, and keep the server from ending.
   */
  nameClient(pid: number): void {
    writeSync(this.#holder, `${pid}\n`);
  }

  end(): void {
    closeSync(this.#holder);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
