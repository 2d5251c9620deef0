import { InstanceError } from '@ccb/instance-interface';
import type { Pane } from '../../pane/pane.ts';
import { terminalModes } from './terminal-modes.ts';

/** The terminal's own keys for it. */
const [stop, start] = ['\x13', '\x11'];

/** What happens when more is written than is read. */
export interface FlowControlHost {
  readonly name: string;
  pane(): Pane;
  /** The terminal of the program, as a device; undefined: it is not known. */
  terminal(): string | undefined;
  /** More is unread than may be kept. */
  overflow(error: InstanceError): void;
}

/**
 * Holds a program's output back while its reader is slow. tmux reads a pane whatever happens, so it is the terminal that
 * is told to wait, by the key that a person would press. A program that takes its keys as they are cannot be told:
 * its command is ended when 64 MiB are unread.
 */
export class FlowControl {
  readonly highWater: number = 1024 * 1024;
  readonly #limit = 64 * 1024 * 1024;
  readonly #host: FlowControlHost;
  #asked = false;
  #stopped = false;
  #over = false;

  constructor(host: FlowControlHost) {
    this.#host = host;
  }

  full(unread: number): void {
    if (this.#over) return;
    if (unread > this.#limit) {
      this.#over = true;
      this.#host.overflow(overflowError(this.#host.name, this.#limit));
      return;
    }
    if (!this.#asked) void this.#stop();
  }

  drained(): void {
    this.#asked = false;
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#key(start);
  }

  /** The command is over, one way or the other. */
  end(): void {
    this.#over = true;
    this.drained();
  }

  async #stop(): Promise<void> {
    this.#asked = true;
    const terminal = this.#host.terminal();
    // Where the kernel does not take the keys, the program would.
    if (terminal === undefined || !(await terminalModes(terminal)).flowControl || !this.#asked) return;
    this.#stopped = true;
    this.#key(stop);
  }

  #key(key: string): void {
    // Who cannot be reached is told of elsewhere.
    this.#host
      .pane()
      .paste(key)
      .catch(() => {});
  }
}

function overflowError(instance: string, limit: number): InstanceError {
  const message = `${instance}: more than ${limit / 1024 / 1024} MiB of output are unread, and the program cannot be told to wait. Read faster, or write to a file.`;
  return new InstanceError('CCB_OUTPUT_LIMIT', message, { instance });
}
