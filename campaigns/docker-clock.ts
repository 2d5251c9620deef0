import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { within } from './deadline.ts';

const EVENT_MS = 5_000;

interface Told {
  /** ms since the epoch, by the engine's clock. */
  readonly at: number;
  readonly action: string;
  readonly container: string;
}

/** When the engine itself says that something happened. */
export class DockerClock {
  readonly #child: ChildProcessByStdio<null, Readable, null>;
  readonly #told: Told[] = [];
  readonly #watchers = new Set<() => void>();

  constructor() {
    const format = '{{.TimeNano}} {{.Action}} {{.Actor.Attributes.name}}';
    // Of these alone: the action of others is the text of a command, with its newlines.
    const filters = ['type=container', 'event=die', 'event=pause'].flatMap((filter) => ['--filter', filter]);
    const args = ['events', ...filters, '--since', '0s', '--format', format];
    this.#child = spawn('docker', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const [nano = '', action = '', container = ''] = line.split(' ');
      this.#told.push({ at: Number(BigInt(nano) / 1_000n) / 1_000, action, container });
      for (const look of this.#watchers) look();
    });
  }

  /** The first time from `since` on (ms since the epoch). */
  async when(container: string, action: string, since: number): Promise<number> {
    let look = (): void => {};
    const found = new Promise<number>((resolve) => {
      look = () => {
        const told = this.#told.find(
          (each) => each.container === container && each.action === action && each.at >= since,
        );
        if (told !== undefined) resolve(told.at);
      };
    });
    this.#watchers.add(look);
    look();
    try {
      return await within(EVENT_MS, `the engine's event ${action}`, found);
    } finally {
      this.#watchers.delete(look);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }
}
