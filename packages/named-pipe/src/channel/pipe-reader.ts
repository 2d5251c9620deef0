import fs from 'node:fs';
import type net from 'node:net';
import { adopt } from '../fifo/descriptor.ts';

/** One for all readers of this thread: a chunk is used up before the next read begins. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);
/** As many as the largest pipe of an ordinary user holds. */
const MOST_LAST_READS = 16;

export interface PipeReaderEvents {
  /** `chunk` is valid during the call only. */
  bytes(chunk: Buffer): void;
  ended(): void;
}

/** The reading end of a FIFO. Silent once closed. Its descriptor stays open from the end until close(), so that the FIFO keeps a reader. */
export class PipeReader {
  readonly #fd: number;
  readonly #events: PipeReaderEvents;
  readonly #socket: net.Socket;
  #isClosed = false;

  /** The descriptor belongs to the reader from here on, also when this throws. */
  constructor(fd: number, events: PipeReaderEvents) {
    this.#fd = fd;
    this.#events = events;
    this.#socket = adopt(fd, {
      readable: true,
      writable: false,
      onread: {
        buffer: shared,
        callback: (length) => {
          if (!this.#isClosed) events.bytes(shared.subarray(0, length));
          return true;
        },
      },
    });
    const ended = (): void => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      events.ended();
    };
    this.#socket.on('end', ended).on('error', ended).on('close', ended);
  }

  /** Whether this is still the file at `path`. */
  isAt(path: string): boolean {
    if (this.#isClosed) return false;
    const here = fs.statSync(path, { throwIfNoEntry: false });
    const held = fs.fstatSync(this.#fd);
    return here !== undefined && here.ino === held.ino && here.dev === held.dev;
  }

  flow(flowing: boolean): void {
    if (flowing) this.#socket.resume();
    else this.#socket.pause();
  }

  /** Reads what lies in the pipe at this moment, while `goOn` says so. */
  drain(goOn: () => boolean): void {
    for (let reads = 0; reads < MOST_LAST_READS && !this.#isClosed && goOn(); reads++) {
      let length = 0;
      try {
        length = fs.readSync(this.#fd, shared);
      } catch {
        return;
      }
      if (length === 0) return;
      this.#events.bytes(shared.subarray(0, length));
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }
}
