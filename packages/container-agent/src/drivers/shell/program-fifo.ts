import fs from 'node:fs';
import net from 'node:net';

const { O_RDONLY, O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = fs.constants;
/** Fits, as JSON, one frame of 64 KiB. */
const READ_BYTES = 60 * 1024;
/** Up to what anybody may enlarge a pipe: all that was written before a moment is within this. */
const PIPE_MAX_BYTES = 1024 * 1024;
/** One for all: a read is taken before the next one can begin. */
const readBuffer: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);

/**
 * The reading end of a FIFO that a program writes. Holds a writer too, so that it does not end between two programs;
 * `release` lets go of that one to learn whether anybody else has it open.
 */
export class ProgramFifo {
  readonly #path: string;
  readonly #take: (chunk: Buffer) => void;
  readonly #reader: number;
  readonly #socket: net.Socket;
  #writer: number | undefined;
  #closed = false;

  /** @param take gets what was read; its memory is used again afterwards */
  constructor(path: string, take: (chunk: Buffer) => void) {
    this.#path = path;
    this.#take = take;
    this.#reader = openFifo(path, O_RDONLY);
    try {
      this.#writer = openFifo(path, O_WRONLY);
      const options: net.SocketConstructorOpts & net.ConnectOpts = {
        fd: this.#reader,
        readable: true,
        writable: false,
        onread: {
          buffer: readBuffer,
          callback: (length) => {
            take(readBuffer.subarray(0, length));
            return true;
          },
        },
      };
      this.#socket = new net.Socket(options);
    } catch (error) {
      fs.closeSync(this.#reader);
      this.#closeWriter();
      throw error;
    }
    this.#socket.on('error', () => {});
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Reads what is there now, also while paused. @returns true at the end: nobody has it open for writing */
  drain(): boolean {
    if (this.#closed) return true;
    for (let total = 0; total < PIPE_MAX_BYTES; ) {
      let length: number;
      try {
        length = fs.readSync(this.#reader, readBuffer, 0, READ_BYTES, null);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
        throw error;
      }
      if (length === 0) return true;
      total += length;
      this.#take(readBuffer.subarray(0, length));
    }
    return false;
  }

  /**
   * true: nobody else has it, and it can be used again. false: somebody may still write; `onEnd` is called after the
   * last of that, and then it is closed.
   */
  release(onEnd: () => void): boolean {
    this.#closeWriter();
    if (this.drain()) {
      this.#writer = openFifo(this.#path, O_WRONLY);
      return true;
    }
    this.#socket.once('close', () => {
      if (this.#closed) return;
      this.#closed = true;
      onEnd();
    });
    return false;
  }

  close(): void {
    this.#closed = true;
    this.#closeWriter();
    this.#socket.destroy();
  }

  #closeWriter(): void {
    if (this.#writer === undefined) return;
    fs.closeSync(this.#writer);
    this.#writer = undefined;
  }
}

function openFifo(path: string, direction: number): number {
  const fd = fs.openSync(path, direction | O_NONBLOCK | O_NOFOLLOW);
  if (fs.fstatSync(fd).isFIFO()) return fd;
  fs.closeSync(fd);
  throw new Error(`${path} is not a FIFO any more: something replaced it. Stop the instance and start it again.`);
}
