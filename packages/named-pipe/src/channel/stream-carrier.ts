import type { Carrier, CarrierEvents } from './carrier.ts';

export interface StreamPair {
  readonly readable: NodeJS.ReadableStream;
  readonly writable: NodeJS.WritableStream;
}

/** A pair of streams: one life. New peers may follow each other on it (behind a relay), until either stream ends. */
export class StreamCarrier implements Carrier {
  readonly problem = 'the other end of the stream does not answer.';
  readonly #readable: NodeJS.ReadableStream & { destroy?(): void };
  readonly #writable: NodeJS.WritableStream & { readonly writableLength?: number; destroy?(): void };
  readonly #undo: (() => void)[] = [];
  #events!: CarrierEvents;
  #queued = 0;
  #isOver = false;

  constructor(streams: StreamPair) {
    this.#readable = streams.readable;
    this.#writable = streams.writable;
  }

  get isReady(): boolean {
    return !this.#isOver;
  }

  get isPending(): boolean {
    return !this.#isOver && this.#queued > 0;
  }

  start(events: CarrierEvents): void {
    this.#events = events;
    const ended = (): void => this.#end('eof');
    const broke = (): void => this.#end('epipe');
    this.#listen(this.#readable, 'data', (data: Buffer | string) => {
      events.bytes(typeof data === 'string' ? Buffer.from(data) : data);
    });
    for (const event of ['end', 'close', 'error']) this.#listen(this.#readable, event, ended);
    for (const event of ['finish', 'close', 'error']) this.#listen(this.#writable, event, broke);
    events.opened();
  }

  write(bytes: Uint8Array, keep: boolean, done?: (handedOver: boolean) => void): 'sent' | 'queued' | 'down' {
    if (this.#isOver) return 'down';
    let isLate = false;
    this.#writable.write(keep ? bytes : Buffer.from(bytes), (error) => {
      if (!isLate) return;
      this.#queued--;
      const handedOver = !error && !this.#isOver;
      done?.(handedOver);
      if (handedOver && this.#queued === 0) this.#events.drained();
    });
    if (this.#isOver) return 'down';
    if (this.#queued === 0 && this.#writable.writableLength === 0) return 'sent';
    isLate = true;
    this.#queued++;
    return 'queued';
  }

  renew(): void {
    this.#events.opened();
  }

  expect(): void {}

  flow(flowing: boolean): void {
    if (flowing) this.#readable.resume();
    else this.#readable.pause();
  }

  close(): void {
    if (this.#isOver) return;
    const isPending = this.isPending;
    this.#letGo();
    // What the other end has not taken by now would hold the stream open for ever.
    if (isPending) this.#writable.destroy?.();
    else this.#writable.end();
    this.#readable.destroy?.();
  }

  #end(reason: 'eof' | 'epipe'): void {
    if (this.#isOver) return;
    this.#letGo();
    this.#events.lost(reason, true);
  }

  #letGo(): void {
    this.#isOver = true;
    for (const undo of this.#undo.splice(0)) undo();
    // An error may still come of what is under way; nobody else listens for it.
    for (const stream of [this.#readable, this.#writable]) stream.on('error', () => {});
  }

  #listen(stream: NodeJS.EventEmitter, event: string, listener: (...values: never[]) => void): void {
    stream.on(event, listener as () => void);
    this.#undo.push(() => void stream.off(event, listener as () => void));
  }
}
