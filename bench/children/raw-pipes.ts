/** What both ends of a raw path are started with. */
export interface RawPipes {
  /** FIFO to the far end. */
  readonly incoming: string;
  /** FIFO from the far end. */
  readonly outgoing: string;
  /** writeSync and one reused read buffer, instead of a Socket's write and data events. */
  readonly direct: boolean;
}
