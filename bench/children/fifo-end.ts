import { constants, openSync, writeSync } from 'node:fs';
import net from 'node:net';

const BUFFER_BYTES = 65_536;

/** Both directions, so that the two ends may open in any order: nobody's death is of interest here. */
function openBoth(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
}

/** Reads by events, as any Node program would. */
export function readByEvents(path: string, take: (chunk: Buffer) => void): void {
  new net.Socket({ fd: openBoth(path), readable: true, writable: false }).on('data', take);
}

/** Reads into one buffer that is used again: `take` must not keep the chunk. */
export function readInPlace(path: string, take: (chunk: Buffer) => void): void {
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const callback = (length: number): boolean => {
    take(buffer.subarray(0, length));
    return true;
  };
  const options: net.SocketConstructorOpts & net.ConnectOpts = {
    fd: openBoth(path),
    readable: true,
    writable: false,
    onread: { buffer, callback },
  };
  new net.Socket(options).resume();
}

export function socketWriter(path: string): (chunk: Buffer) => void {
  const socket = new net.Socket({ fd: openBoth(path), readable: false, writable: true });
  return (chunk) => void socket.write(chunk);
}

/** Writes at once what the pipe takes; the rest goes through the event loop. */
export class DirectWriter {
  readonly #fd: number;
  readonly #socket: net.Socket;
  #waiting = 0;

  constructor(path: string) {
    this.#fd = openBoth(path);
    this.#socket = new net.Socket({ fd: this.#fd, readable: false, writable: true });
  }

  /** @returns whether the kernel has all of it; else `drained` is called once it has all that waited. */
  write(chunk: Buffer, drained: () => void): boolean {
    const written = this.#waiting > 0 ? 0 : this.#writeNow(chunk);
    if (written === chunk.length) return true;
    this.#waiting += 1;
    this.#socket.write(chunk.subarray(written), () => {
      this.#waiting -= 1;
      if (this.#waiting === 0) drained();
    });
    return false;
  }

  #writeNow(chunk: Buffer): number {
    try {
      return writeSync(this.#fd, chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      throw error;
    }
  }
}
