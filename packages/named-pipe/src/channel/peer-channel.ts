import { bounded, checkCallOptions, type PipeCallOptions } from '../deadline.ts';
import { NamedPipeError } from '../error.ts';
import type { Carrier } from './carrier.ts';
import type { Channel, ChannelOptions, DownReason, Peer, ReadOptions, ResolvedChannelOptions } from './channel.ts';
import { resolveChannelOptions } from './channel.ts';
import { decodeHello, encodeHello, type Hello, helloFollows, newEpoch } from './epoch.ts';
import { Inbox } from './inbox.ts';
import { Listeners } from './listeners.ts';
import { decodeMessage, encodeMessage, tooLarge } from './message.ts';
import { Outbox } from './outbox.ts';
import { LineSplitter } from './splitter.ts';

const CLOSE_TIMEOUT_MS = 5_000;

type Events = {
  up: Peer;
  down: DownReason;
  drain: undefined;
  invalid: NamedPipeError;
};

/** The session between two peers, whatever carries their bytes. A session has an epoch at each end; both are new for each session. */
export class PeerChannel<In = unknown, Out = unknown> implements Channel<In, Out> {
  readonly #carrier: Carrier;
  readonly #options: ResolvedChannelOptions<In>;
  readonly #listeners = new Listeners<Events>();
  readonly #splitter: LineSplitter;
  readonly #inbox: Inbox<In>;
  readonly #outbox: Outbox;
  readonly #waiting = new Set<{ resolve(): void; reject(error: Error): void }>();
  #epoch = newEpoch();
  #peer: string | undefined;
  #isUp = false;
  #isOver = false;
  #closing: Promise<void> | undefined;

  protected constructor(carrier: Carrier, options: ChannelOptions<In>) {
    this.#options = resolveChannelOptions(options);
    this.#carrier = carrier;
    this.#inbox = new Inbox((flowing) => carrier.flow(flowing));
    this.#outbox = new Outbox(carrier, () => this.isUp);
    this.#splitter = new LineSplitter(this.#options.maxMessageBytes, {
      line: (line, chunk, next) => this.#line(line, chunk, next),
      oversized: (bytes) => {
        if (this.#isUp) this.#invalid(tooLarge(bytes, this.#options.maxMessageBytes));
      },
    });
  }

  /** Not in the constructor: what it does first may fail, and then nothing is left to close. */
  protected start(): void {
    this.#carrier.start({
      opened: () => void this.#carrier.write(encodeHello(this.#epoch, this.#peer), true),
      bytes: (chunk) => this.#splitter.push(chunk),
      lost: (reason, over) => this.#lost(reason, over ?? false),
      replaced: () => this.#splitter.reset(),
      drained: () => {
        this.#outbox.drained();
        if (this.isUp) this.#listeners.emit('drain', undefined);
      },
    });
  }

  /** Called once, after the carrier is closed. */
  protected async released(): Promise<void> {}

  get isUp(): boolean {
    return this.#isUp && this.#carrier.isReady && !this.#closing;
  }

  async whenUp(options?: PipeCallOptions): Promise<void> {
    checkCallOptions(options);
    options?.signal?.throwIfAborted();
    if (this.isUp) return;
    if (this.#closing) throw closed();
    if (this.#isOver)
      throw new NamedPipeError('CCB_PIPE_DOWN', 'The stream has ended: this channel cannot come up again.');
    const waiter = { resolve: () => {}, reject: (_error: Error) => {} };
    const up = new Promise<void>((resolve, reject) => Object.assign(waiter, { resolve, reject }));
    this.#waiting.add(waiter);
    const late = (): Error => {
      const message = `No peer within ${options?.timeoutMs} ms: ${this.#carrier.problem}`;
      return new NamedPipeError('CCB_PIPE_TIMEOUT', message);
    };
    await bounded(up, options, late).finally(() => this.#waiting.delete(waiter));
  }

  send(message: Out, options?: PipeCallOptions): Promise<boolean> {
    try {
      if (this.#closing) throw closed();
      const line = encodeMessage(message, this.#options.maxMessageBytes);
      if (!options) return this.#outbox.send(line);
      checkCallOptions(options);
      options.signal?.throwIfAborted();
      const late = (): Error => {
        return new NamedPipeError(
          'CCB_PIPE_TIMEOUT',
          `The peer has not taken the message within ${options.timeoutMs} ms. It reads too slowly, or is frozen.`,
        );
      };
      return bounded(this.#outbox.send(line), options, late);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  write(lines: Uint8Array): 'sent' | 'queued' | 'down' {
    if (this.#closing) throw closed();
    return this.#outbox.write(lines);
  }

  messages(options?: ReadOptions): AsyncIterableIterator<In> {
    checkCallOptions(options);
    return this.#inbox.messages(options?.signal);
  }

  subscribe(listener: (message: In) => void): () => void {
    return this.#inbox.subscribe(listener);
  }

  pause(): void {
    this.#inbox.pause();
  }

  resume(): void {
    this.#inbox.resume();
  }

  on(event: 'up', listener: (peer: Peer) => void): () => void;
  on(event: 'down', listener: (reason: DownReason) => void): () => void;
  on(event: 'drain', listener: () => void): () => void;
  on(event: 'invalid', listener: (error: NamedPipeError) => void): () => void;
  on(event: string, listener: (value: never) => void): () => void {
    if (!['up', 'down', 'drain', 'invalid'].includes(event)) throw new TypeError(`There is no event "${event}".`);
    if (typeof listener !== 'function') throw new TypeError('listener must be a function');
    return this.#listeners.add(event as keyof Events, listener as (value: unknown) => void);
  }

  close(options?: PipeCallOptions): Promise<void> {
    try {
      checkCallOptions(options);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(options: PipeCallOptions | undefined): Promise<void> {
    const flushed = this.#outbox.flushed();
    const deadline = { signal: options?.signal, timeoutMs: options?.timeoutMs ?? CLOSE_TIMEOUT_MS };
    await bounded(flushed, deadline, closed).catch(() => {});
    this.#fall('closed');
    this.#carrier.close();
    this.#finish(closed());
    this.#listeners.clear();
    await this.released();
  }

  #finish(error: NamedPipeError): void {
    this.#inbox.end();
    for (const waiter of [...this.#waiting]) waiter.reject(error);
  }

  #line(line: Buffer, chunk: Buffer, next: number): void {
    const hello = decodeHello(line);
    if (hello) this.#greeted(hello);
    if (hello || !this.#isUp || this.#closing || line.length === 0) return;
    let message: In;
    try {
      message = decodeMessage(line, this.#options.parse, this.#options.maxMessageValues);
    } catch (error) {
      if (!helloFollows(chunk, next)) this.#invalid(error as NamedPipeError);
      return;
    }
    this.#inbox.push(message, line.length);
  }

  #greeted(hello: Hello): void {
    const isNew = hello.epoch !== this.#peer;
    if (isNew) {
      this.#peer = hello.epoch;
      this.#fall('new-epoch');
      this.#carrier.renew();
    }
    if (hello.names === this.#epoch) {
      if (!this.#isUp && this.#carrier.isReady) this.#rise(hello.epoch);
    } else if (!isNew) {
      // It has begun anew without a new epoch: what was said since then is lost to it.
      this.#fall('new-epoch');
      this.#carrier.write(encodeHello(this.#epoch, this.#peer), true);
    }
  }

  #rise(epoch: string): void {
    this.#isUp = true;
    this.#carrier.expect(false);
    this.#options.log({ level: 'info', event: 'pipe.up', epoch: this.#epoch, peer: epoch });
    this.#listeners.emit('up', { epoch });
    if (!this.isUp) return;
    for (const waiter of [...this.#waiting]) waiter.resolve();
  }

  /** A session never begins twice with the same epoch: what named the old one, and lies in a pipe yet, cannot revive it. */
  #fall(reason: DownReason): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#epoch = newEpoch();
    this.#outbox.drop();
    if (!this.#closing) this.#carrier.expect(true);
    this.#options.log({ level: 'info', event: 'pipe.down', reason });
    this.#listeners.emit('down', reason);
  }

  #lost(reason: 'eof' | 'epipe', over: boolean): void {
    if (reason === 'eof') this.#splitter.reset();
    this.#peer = undefined;
    this.#outbox.drop();
    this.#fall(reason);
    if (!over) return;
    this.#isOver = true;
    this.#finish(new NamedPipeError('CCB_PIPE_DOWN', 'The stream has ended: this channel cannot come up again.'));
  }

  #invalid(error: NamedPipeError): void {
    this.#options.log({ level: 'warn', event: 'pipe.invalid', code: error.code });
    this.#listeners.emit('invalid', error);
  }
}

function closed(): NamedPipeError {
  return new NamedPipeError('CCB_PIPE_CLOSED', 'This channel is closed. Open a new one.');
}
