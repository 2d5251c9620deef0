import type { PipeCallOptions } from '../deadline.ts';
import type { NamedPipeError } from '../error.ts';

/** Why a session ended. `new-epoch`: another peer answered before the end of the last one was noticed. */
export type DownReason = 'eof' | 'epipe' | 'new-epoch' | 'closed';

/** `epoch` is new for every session: it names what this peer says between one `up` and its `down`. */
export interface Peer {
  readonly epoch: string;
}

export interface ReadOptions {
  /** Ends the reading: the iterator throws `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** Messages to and from one peer at a time, one JSON text per line, across the lives of any number of peers. */
export interface Channel<In = unknown, Out = unknown> extends AsyncDisposable {
  /** There is a peer, and it has answered. */
  readonly isUp: boolean;

  /**
   * Resolves at the next handshake, at once when up. No deadline unless `timeoutMs` (ms) sets one.
   * @throws {NamedPipeError} CCB_PIPE_TIMEOUT, CCB_PIPE_CLOSED, CCB_PIPE_DOWN (it can never come up again)
   */
  whenUp(options?: PipeCallOptions): Promise<void>;

  /**
   * true: handed to the kernel, in order, after back-pressure (NOT an acknowledgement). false: no peer, or it was lost before
   * all bytes were handed over; nothing is kept for the next one. What is sent in one tick goes out as one write.
   * Ending the wait with `signal` or `timeoutMs` does not take the message back.
   * @throws {TypeError} for what JSON cannot carry
   * @throws {NamedPipeError} CCB_PIPE_TOO_LARGE, CCB_PIPE_CLOSED, CCB_PIPE_TIMEOUT
   */
  send(message: Out, options?: PipeCallOptions): Promise<boolean>;

  /**
   * Hands over whole lines that are encoded already, in order with send(). Each ends with a newline and is one JSON text;
   * a number that stands alone needs a space before the newline, because half of it would be a number too.
   * 'sent': the kernel has all that was ever handed over. 'queued': `drain` (or `down`) follows. 'down': no peer, nothing kept.
   * Synchronous; the bytes may be reused afterwards. No bytes at all: only asks.
   * @throws {NamedPipeError} CCB_PIPE_CLOSED
   */
  write(lines: Uint8Array): 'sent' | 'queued' | 'down';

  /**
   * One reader at a time, across peers' lives; ends at close(), after what had arrived by then. A torn or stale line is never
   * delivered. What arrives while nobody reads is kept up to 1 MiB; then the transport is not read until it is taken.
   * @throws {TypeError} when there is a reader already
   */
  messages(options?: ReadOptions): AsyncIterableIterator<In>;

  /**
   * Push delivery instead of messages(): called synchronously for each message, in order. Returns the end of the subscription.
   * What a listener throws becomes an uncaught exception, as in an EventEmitter; the channel goes on.
   * @throws {TypeError} when there is a reader already
   */
  subscribe(listener: (message: In) => void): () => void;

  /** Stops reading the transport (idempotent): nothing is delivered, and the peer meets back-pressure. */
  pause(): void;
  resume(): void;

  on(event: 'up', listener: (peer: Peer) => void): () => void;
  on(event: 'down', listener: (reason: DownReason) => void): () => void;
  /** All that was queued has been handed to the kernel. */
  on(event: 'drain', listener: () => void): () => void;
  /** A line that was complete but no valid message: CCB_PIPE_INVALID (not UTF-8, not JSON, refused by `parse`), CCB_PIPE_TOO_LARGE. It was dropped. */
  on(event: 'invalid', listener: (error: NamedPipeError) => void): () => void;

  /**
   * Idempotent. What is queued still has until `timeoutMs` (default 5000 ms) or `signal` to be handed over; then it is dropped
   * and its send() gives false. Always resolves; afterwards no descriptor, listener or timer is left.
   */
  close(options?: PipeCallOptions): Promise<void>;
}

export interface ChannelLogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly [key: string]: unknown;
}

export interface ChannelOptions<In = unknown> {
  /** Validates and types each message; what it throws makes the line `invalid`. Default: as JSON.parse gives it. */
  readonly parse?: ((value: unknown) => In) | undefined;
  /** The longest line, in bytes without its newline, in either direction. Default 64 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /**
   * The most values (entries, members, lists, objects) in one message that arrives: `[{},{},…]` takes thirty times its
   * bytes in memory, and seconds. Such a line is `invalid`, and not parsed. Default: no limit.
   */
  readonly maxMessageValues?: number | undefined;
  readonly log?: ((entry: ChannelLogEntry) => void) | undefined;
}

export interface ResolvedChannelOptions<In> {
  readonly parse: (value: unknown) => In;
  readonly maxMessageBytes: number;
  readonly maxMessageValues: number;
  readonly log: (entry: ChannelLogEntry) => void;
}

/** Below V8's longest string (2^29 - 24 characters). */
const LARGEST_LIMIT = 2 ** 29 - 1024;
const DEFAULT_LIMIT = 64 * 1024 * 1024;
/** A handshake line must always fit. */
const SMALLEST_LIMIT = 64;

export function resolveChannelOptions<In>(options: ChannelOptions<In>): ResolvedChannelOptions<In> {
  const { parse, maxMessageBytes = DEFAULT_LIMIT, maxMessageValues = Number.POSITIVE_INFINITY, log } = options;
  if (parse !== undefined && typeof parse !== 'function') throw new TypeError('parse must be a function');
  if (log !== undefined && typeof log !== 'function') throw new TypeError('log must be a function');
  if (!Number.isInteger(maxMessageBytes) || maxMessageBytes < SMALLEST_LIMIT || maxMessageBytes > LARGEST_LIMIT) {
    throw new TypeError(
      `maxMessageBytes must be an integer between ${SMALLEST_LIMIT} and ${LARGEST_LIMIT}: ${String(maxMessageBytes)}`,
    );
  }
  if (!(maxMessageValues >= 1)) throw new TypeError(`maxMessageValues must be 1 or more: ${String(maxMessageValues)}`);
  return { parse: parse ?? ((value) => value as In), maxMessageBytes, maxMessageValues, log: log ?? (() => {}) };
}
