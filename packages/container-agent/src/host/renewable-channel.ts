import { randomUUID } from 'node:crypto';
import { ReadableStream } from 'node:stream/web';
import { anySignal } from '@ccb/instance-interface/abstract';
import { type Channel, type DownReason, NamedPipeError, type Peer, type ReadOptions } from '@ccb/named-pipe';

type CallOptions = NonNullable<Parameters<Channel['whenUp']>[0]>;
type Event = 'up' | 'down' | 'drain' | 'invalid';

interface Listening {
  readonly event: Event;
  readonly listener: (value: never) => void;
  off(): void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A channel over carriers that die for good, such as a relay's stdio: one after the other, each opened by `renew`. */
export class RenewableChannel implements Channel {
  readonly #open: (signal: AbortSignal) => Promise<Channel>;
  readonly #listening = new Set<Listening>();
  readonly #waiting = new Set<{ resolve(): void; reject(reason: unknown): void }>();
  #inner: Channel | undefined;
  #listener: ((message: unknown) => void) | undefined;
  #unsubscribe = (): void => undefined;
  #endOfMessages = (): void => undefined;
  #stopWatching = (): void => undefined;
  /** By whoever reads. */
  #isPaused = false;
  /** By messages(), until its reader asks for more. */
  #isHeld = false;
  #renewal: AbortController | undefined;
  /** Why the last renewal came to nothing. */
  #failure: { readonly reason: unknown } | undefined;
  #closing: Promise<void> | undefined;

  /** @param open opens one channel, which may be up already; what it opens after `signal` is closed again */
  constructor(open: (signal: AbortSignal) => Promise<Channel>) {
    this.#open = open;
  }

  /**
   * Opens a new inner channel in place of one that is not up; nothing to do while it is. Resolves when it is opened, which is
   * before it is up. When it dies before that, `whenUp` says why; when `open` rejects, both do. A later call ends an earlier one.
   * @throws what `open` rejects with, `signal.reason`; {NamedPipeError} CCB_PIPE_CLOSED
   */
  async renew(signal: AbortSignal): Promise<void> {
    if (this.#closing !== undefined) throw closed();
    if (this.isUp) return;
    this.#renewal?.abort(new NamedPipeError('CCB_PIPE_DOWN', 'Another renewal took the place of this one.'));
    const renewal = new AbortController();
    this.#renewal = renewal;
    this.#failure = undefined;
    try {
      await this.#replace(anySignal(signal, renewal.signal));
    } catch (error) {
      if (this.#renewal === renewal) this.#fail(error);
      throw error;
    }
  }

  get isUp(): boolean {
    return this.#closing === undefined && this.#inner?.isUp === true;
  }

  /**
   * Also waits for a renewal when a carrier was up and died.
   * @throws why the last renewal came to nothing; {NamedPipeError} CCB_PIPE_TIMEOUT, CCB_PIPE_CLOSED
   */
  async whenUp({ signal, timeoutMs }: CallOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    if (this.isUp) return;
    if (this.#closing !== undefined) throw closed();
    if (this.#failure !== undefined) throw this.#failure.reason;
    const late = new AbortController();
    const expire = (): void =>
      late.abort(new NamedPipeError('CCB_PIPE_TIMEOUT', `No peer within ${timeoutMs} ms, over any carrier.`));
    const timer = timeoutMs !== undefined && timeoutMs <= LONGEST_TIMER_MS ? setTimeout(expire, timeoutMs) : undefined;
    const waiter = { resolve: () => {}, reject: (_reason: unknown) => {} };
    const up = new Promise<void>((resolve, reject) => Object.assign(waiter, { resolve, reject }));
    this.#waiting.add(waiter);
    try {
      await unlessAborted(up, anySignal(signal, late.signal));
    } finally {
      this.#waiting.delete(waiter);
      clearTimeout(timer);
    }
  }

  send(message: unknown, options?: CallOptions): Promise<boolean> {
    if (this.#closing !== undefined) return Promise.reject(closed());
    return this.#inner?.send(message, options) ?? Promise.resolve(false);
  }

  write(lines: Uint8Array): 'sent' | 'queued' | 'down' {
    if (this.#closing !== undefined) throw closed();
    return this.#inner?.write(lines) ?? 'down';
  }

  messages({ signal }: ReadOptions = {}): AsyncIterableIterator<unknown> {
    let end = (): void => undefined;
    const stream = new ReadableStream<unknown>({
      start: (controller) => {
        const unsubscribe = this.subscribe((message) => {
          controller.enqueue(message);
          if ((controller.desiredSize ?? 0) <= 0) this.#hold(true);
        });
        const aborted = (): void => {
          end();
          controller.error(signal?.reason);
        };
        end = () => {
          unsubscribe();
          signal?.removeEventListener('abort', aborted);
          this.#endOfMessages = () => undefined;
          this.#hold(false);
        };
        this.#endOfMessages = () => {
          end();
          controller.close();
        };
        if (signal?.aborted) aborted();
        else signal?.addEventListener('abort', aborted);
      },
      pull: () => this.#hold(false),
      cancel: () => end(),
    });
    return stream.values();
  }

  subscribe(listener: (message: unknown) => void): () => void {
    if (this.#listener !== undefined)
      throw new TypeError('This channel has a reader already: messages() and subscribe() share one place.');
    if (this.#inner !== undefined) this.#unsubscribe = this.#inner.subscribe(listener);
    this.#listener = listener;
    return () => {
      if (this.#listener !== listener) return;
      this.#listener = undefined;
      this.#unsubscribe();
    };
  }

  pause(): void {
    this.#isPaused = true;
    this.#flow();
  }

  resume(): void {
    this.#isPaused = false;
    this.#flow();
  }

  on(event: 'up', listener: (peer: Peer) => void): () => void;
  on(event: 'down', listener: (reason: DownReason) => void): () => void;
  on(event: 'drain', listener: () => void): () => void;
  on(event: 'invalid', listener: (error: NamedPipeError) => void): () => void;
  on(event: Event, listener: (value: never) => void): () => void {
    const off = this.#inner === undefined ? () => undefined : listen(this.#inner, event, listener);
    const listening: Listening = { event, listener, off };
    this.#listening.add(listening);
    return () => {
      this.#listening.delete(listening);
      listening.off();
    };
  }

  close(options?: CallOptions): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(options: CallOptions | undefined): Promise<void> {
    this.#renewal?.abort(closed());
    await this.#inner?.close(options);
    // What had arrived by then is delivered in the next tick.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    this.#letGo();
    this.#fail(closed());
    this.#endOfMessages();
    this.#listener = undefined;
    this.#listening.clear();
  }

  async #replace(given: AbortSignal): Promise<void> {
    const former = this.#inner;
    this.#letGo();
    await former?.close({ timeoutMs: 0 });
    given.throwIfAborted();
    const opening = this.#open(given);
    try {
      const inner = await unlessAborted(opening, given);
      given.throwIfAborted();
      this.#attach(inner);
    } catch (error) {
      opening.then(
        (late) => late.close({ timeoutMs: 0 }),
        () => undefined,
      );
      throw error;
    }
  }

  #attach(inner: Channel): void {
    this.#inner = inner;
    this.#renewal = undefined;
    for (const each of this.#listening) each.off = listen(inner, each.event, each.listener);
    this.#stopWatching = inner.on('up', () => this.#rise());
    if (this.#listener !== undefined) this.#unsubscribe = inner.subscribe(this.#listener);
    if (inner.isUp) this.#announce(inner);
    else
      inner.whenUp().catch((error: unknown) => {
        if (this.#inner === inner && this.#closing === undefined) this.#fail(error);
      });
  }

  /** Nobody could hear it yet that it came up. */
  #announce(inner: Channel): void {
    const peer: Peer = { epoch: randomUUID() };
    for (const listening of this.#listening) {
      if (listening.event !== 'up') continue;
      // Not at once: what a listener throws is not for whoever renews.
      queueMicrotask(() => {
        if (inner.isUp && this.#listening.has(listening)) listening.listener(peer as never);
      });
    }
    this.#rise();
  }

  #letGo(): void {
    for (const each of this.#listening) each.off();
    this.#unsubscribe();
    this.#stopWatching();
    this.#inner = undefined;
  }

  #rise(): void {
    this.#flow();
    for (const waiter of [...this.#waiting]) waiter.resolve();
  }

  #fail(reason: unknown): void {
    this.#failure = { reason };
    for (const waiter of [...this.#waiting]) waiter.reject(reason);
  }

  #hold(held: boolean): void {
    this.#isHeld = held;
    this.#flow();
  }

  #flow(): void {
    // Who does not read cannot hear a peer's hello either.
    if (!this.isUp) return;
    if (this.#isPaused || this.#isHeld) this.#inner?.pause();
    else this.#inner?.resume();
  }
}

function listen(channel: Channel, event: Event, listener: (value: never) => void): () => void {
  return channel.on(event as 'up', listener as (value: unknown) => void);
}

function closed(): NamedPipeError {
  return new NamedPipeError('CCB_PIPE_CLOSED', 'This channel is closed. Open a new one.');
}

/** As `work` ends, or with the reason of `signal`. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const aborted = (): void => reject(signal.reason);
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}
