/** What carries the bytes of a channel: two FIFOs, or a pair of streams. */
export interface Carrier {
  /** A way to the peer is open. */
  readonly isReady: boolean;
  /** Some of what was written has not been handed to the kernel yet. */
  readonly isPending: boolean;
  /** What is missing for a peer to be reached, in words. */
  readonly problem: string;
  start(events: CarrierEvents): void;
  /** `done` is called once, and only after 'queued'. With `keep` the bytes are not touched again by the caller. */
  write(bytes: Uint8Array, keep: boolean, done?: (handedOver: boolean) => void): 'sent' | 'queued' | 'down';
  /** A new peer is there: drops what is queued for the old one where possible, and leads to `opened`. */
  renew(): void;
  /** While no peer has answered, notice that the way to it was replaced. */
  expect(expecting: boolean): void;
  flow(flowing: boolean): void;
  close(): void;
}

export interface CarrierEvents {
  /** A way to the peer has been opened: the time to greet. */
  opened(): void;
  /** `chunk` is valid during the call only. */
  bytes(chunk: Buffer): void;
  /** The peer is gone. `over`: nobody can follow it. */
  lost(reason: 'eof' | 'epipe', over?: boolean): void;
  /** The way was replaced while no peer had answered: forget half a line. */
  replaced(): void;
  drained(): void;
}
