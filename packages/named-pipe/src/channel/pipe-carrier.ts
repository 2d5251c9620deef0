import fs from 'node:fs';
import { basename, dirname } from 'node:path';
import { NamedPipeError, systemCode } from '../error.ts';
import { openFifo } from '../fifo/descriptor.ts';
import type { Carrier, CarrierEvents } from './carrier.ts';
import type { ChannelLogEntry } from './channel.ts';
import { PipeReader } from './pipe-reader.ts';
import { PipeWriter } from './pipe-writer.ts';

export interface PipeCarrierOptions {
  /** Path of the FIFO to read. */
  readonly reads: string;
  /** Path of the FIFO to write. */
  readonly writes: string;
  readonly owner: number | undefined;
  /** Somebody else makes the FIFOs: wait for them, and follow when they are made anew. */
  readonly follow: boolean;
  /** Remove both at close(). */
  readonly unlink: boolean;
  readonly log: (entry: ChannelLogEntry) => void;
}

/** Two FIFOs, one for each direction, that survive the death of the peer. */
export class PipeCarrier implements Carrier {
  readonly #options: PipeCarrierOptions;
  #events!: CarrierEvents;
  #reader: PipeReader | undefined;
  #writer: PipeWriter | undefined;
  #watcher: fs.FSWatcher | undefined;
  #missing: string | undefined;
  #isFlowing = true;
  #isBroken = false;
  #isClosed = false;

  constructor(options: PipeCarrierOptions) {
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#writer !== undefined;
  }

  get isPending(): boolean {
    return this.#writer?.isPending ?? false;
  }

  get problem(): string {
    if (this.#missing) return this.#missing;
    if (!this.#writer) return `nobody reads ${this.#options.writes}. Start the other end.`;
    return `the other end of ${this.#options.writes} does not answer. It may be frozen, or no channel.`;
  }

  /** @throws {NamedPipeError} CCB_PIPE_UNSAFE, CCB_PIPE_DOWN */
  start(events: CarrierEvents): void {
    this.#events = events;
    // Watching begins before the first look, so that nothing appears unseen between the two.
    try {
      if (this.#options.follow) this.#watch();
      this.#openBoth();
    } catch (error) {
      this.#letGo();
      throw error;
    }
  }

  write(bytes: Uint8Array, keep: boolean, done?: (handedOver: boolean) => void): 'sent' | 'queued' | 'down' {
    return this.#writer?.write(bytes, keep, done) ?? 'down';
  }

  renew(): void {
    if (this.#isClosed) return;
    this.#isBroken = false;
    if (this.#writer && !this.#writer.isPending) this.#events.opened();
    else this.#attempt(() => this.#openWriter());
  }

  expect(expecting: boolean): void {
    if (!expecting) {
      this.#watcher?.close();
      this.#watcher = undefined;
    } else if (this.#options.follow && !this.#watcher && !this.#isClosed) {
      this.#attempt(() => this.#watch());
    }
  }

  flow(flowing: boolean): void {
    this.#isFlowing = flowing;
    this.#reader?.flow(flowing);
  }

  close(): void {
    if (this.#isClosed) return;
    const { unlink, reads, writes } = this.#options;
    // Before the descriptors are closed: a peer that sees the end must not find, and wait on, what is about to go.
    if (unlink) for (const path of [reads, writes]) fs.rmSync(path, { force: true });
    this.#letGo();
  }

  #letGo(): void {
    this.#isClosed = true;
    this.#watcher?.close();
    this.#writer?.close();
    this.#writer = undefined;
    this.#reader?.close();
  }

  #openBoth(): void {
    this.#isBroken = false;
    this.#openReader();
    if (this.#reader) {
      this.#openWriter();
    } else {
      this.#writer?.close();
      this.#writer = undefined;
    }
  }

  /** The new end is opened before the old one is closed, so that the peer does not take the change for an end. */
  #openReader(): void {
    const old = this.#reader;
    this.#reader = undefined;
    try {
      const fd = this.#open('read');
      if (fd !== undefined) this.#reader = this.#readFrom(fd);
    } finally {
      old?.close();
    }
  }

  #openWriter(): void {
    const old = this.#writer;
    this.#writer = undefined;
    try {
      const fd = this.#open('write');
      if (fd !== undefined) this.#writer = this.#writeTo(fd);
    } finally {
      old?.close();
    }
    if (this.#writer) this.#events.opened();
  }

  #open(direction: 'read' | 'write'): number | undefined {
    const path = direction === 'read' ? this.#options.reads : this.#options.writes;
    this.#missing = undefined;
    try {
      return openFifo(path, direction, this.#options.owner);
    } catch (error) {
      const isAbsent = NamedPipeError.is(error) && systemCode(error.cause) === 'ENOENT';
      if (!isAbsent || !this.#options.follow) throw error;
      this.#missing = `${path} does not exist. Start the listener.`;
      return undefined;
    }
  }

  #readFrom(fd: number): PipeReader {
    const reader = new PipeReader(fd, {
      bytes: (chunk) => this.#events.bytes(chunk),
      ended: () => this.#ended(),
    });
    if (this.#isFlowing) reader.flow(true);
    return reader;
  }

  #writeTo(fd: number): PipeWriter {
    const writer: PipeWriter = new PipeWriter(fd, {
      drained: () => {
        if (this.#writer === writer) this.#events.drained();
      },
      lost: () => {
        if (this.#writer === writer) this.#broke();
      },
    });
    return writer;
  }

  #ended(): void {
    this.#isBroken = false;
    this.#events.lost('eof');
    if (!this.#isClosed) this.#attempt(() => this.#openBoth());
  }

  /** Nobody reads any more. What the peer had said before is still in the other pipe, and comes first. */
  #broke(): void {
    this.#writer = undefined;
    this.#isBroken = true;
    process.nextTick(() => {
      this.#reader?.drain(() => this.#isBroken && !this.#isClosed);
      if (!this.#isBroken || this.#isClosed) return;
      this.#isBroken = false;
      this.#events.lost('epipe');
    });
  }

  #watch(): void {
    const { reads, writes, log } = this.#options;
    const directory = dirname(reads);
    const names = [basename(reads), basename(writes)];
    try {
      this.#watcher = fs.watch(directory, (event, name) => {
        if (event === 'rename' && (name === null || names.includes(name))) this.#followFiles();
      });
    } catch (cause) {
      const code = systemCode(cause);
      if (code === 'ENOENT' || code === 'ENOTDIR') {
        throw new NamedPipeError('CCB_PIPE_DOWN', `${directory} is no directory. Make it first.`, { cause });
      }
      log({ level: 'warn', event: 'pipe.watch_failed', directory, error: cause });
      return;
    }
    this.#watcher.on('error', (error) => log({ level: 'warn', event: 'pipe.watch_failed', directory, error }));
  }

  #followFiles(): void {
    if (this.#isClosed) return;
    const { reads, writes } = this.#options;
    if (this.#reader?.isAt(reads)) {
      if (!this.#writer && fs.existsSync(writes)) this.#attempt(() => this.#openWriter());
      return;
    }
    this.#events.replaced();
    this.#attempt(() => this.#openBoth());
  }

  /** In the middle of an event there is no caller to throw at. */
  #attempt(open: () => void): void {
    try {
      open();
    } catch (error) {
      this.#missing = error instanceof Error ? error.message : String(error);
      this.#options.log({ level: 'error', event: 'pipe.open_failed', error });
    }
  }
}
