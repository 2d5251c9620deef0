import fs from 'node:fs';
import type net from 'node:net';
import { systemCode } from '../error.ts';
import { adopt } from '../fifo/descriptor.ts';

export interface PipeWriterEvents {
  drained(): void;
  lost(): void;
}

interface Piece {
  readonly bytes: Uint8Array;
  readonly done: ((handedOver: boolean) => void) | undefined;
}

/** The writing end of a FIFO: one system call while the pipe has room, the event loop when it is full. */
export class PipeWriter {
  readonly #fd: number;
  readonly #events: PipeWriterEvents;
  /** Pieces that wait; the first is under way in the socket. Not left to the socket, which would tell the end of all only. */
  readonly #queue: Piece[] = [];
  #socket: net.Socket | undefined;
  #isClosed = false;

  constructor(fd: number, events: PipeWriterEvents) {
    this.#fd = fd;
    this.#events = events;
  }

  get isPending(): boolean {
    return this.#queue.length > 0;
  }

  write(bytes: Uint8Array, keep: boolean, done?: (handedOver: boolean) => void): 'sent' | 'queued' | 'down' {
    if (this.#isClosed) return 'down';
    if (this.isPending && bytes.length === 0) return 'queued';
    const written = this.isPending ? 0 : this.#writeNow(bytes);
    if (written === undefined) return 'down';
    if (written === bytes.length) return 'sent';
    const rest = bytes.subarray(written);
    this.#queue.push({ bytes: keep ? rest : Buffer.from(rest), done });
    if (this.#queue.length === 1) this.#writeLater();
    return this.#isClosed ? 'down' : 'queued';
  }

  /** What waits is dropped, and its `done` gets false. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#socket) this.#socket.destroy();
    else fs.closeSync(this.#fd);
    for (const piece of this.#queue.splice(0)) piece.done?.(false);
  }

  /** How many bytes the pipe took; undefined: nobody reads it any more. */
  #writeNow(bytes: Uint8Array): number | undefined {
    try {
      return fs.writeSync(this.#fd, bytes);
    } catch (error) {
      if (systemCode(error) === 'EAGAIN') return 0;
      this.#lose();
      return undefined;
    }
  }

  /** Hands the first piece that waits to the event loop. */
  #writeLater(): void {
    const [piece] = this.#queue;
    if (!piece || !this.#open()) return;
    this.#socket?.write(piece.bytes, (error) => {
      // The callback of a write that destroy() cut short gets null, which looks like success.
      if (error || this.#isClosed) return;
      this.#queue.shift();
      piece.done?.(true);
      this.#goOn();
    });
  }

  #goOn(): void {
    for (let piece = this.#queue[0]; piece; piece = this.#queue[0]) {
      const written = this.#writeNow(piece.bytes);
      if (written === undefined) return;
      if (written < piece.bytes.length) {
        this.#queue[0] = { bytes: piece.bytes.subarray(written), done: piece.done };
        this.#writeLater();
        return;
      }
      this.#queue.shift();
      piece.done?.(true);
    }
    this.#events.drained();
  }

  #open(): boolean {
    if (this.#socket) return true;
    try {
      this.#socket = adopt(this.#fd, { readable: false, writable: true });
    } catch {
      this.#isClosed = true;
      for (const piece of this.#queue.splice(0)) piece.done?.(false);
      this.#events.lost();
      return false;
    }
    this.#socket.on('error', () => this.#lose()).on('close', () => this.#lose());
    return true;
  }

  #lose(): void {
    if (this.#isClosed) return;
    this.close();
    this.#events.lost();
  }
}
