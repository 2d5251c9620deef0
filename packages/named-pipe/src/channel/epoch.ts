import { randomBytes } from 'node:crypto';

/** `SYN <epoch of the sender> <epoch of its peer, or ->`: no JSON text, so no message can be taken for one. */
export interface Hello {
  readonly epoch: string;
  /** The epoch that the sender has heard from the other side. */
  readonly names: string | undefined;
}

const S = 0x53;
const PREFIX = 'SYN ';
const SHORT = 'SYN 0123456789abcdef -'.length;
const LONG = 'SYN 0123456789abcdef 0123456789abcdef'.length;
const FORM = /^SYN ([0-9a-f]{16}) (-|[0-9a-f]{16})$/;

/** 64 random bits: bytes of another life never carry it. */
export function newEpoch(): string {
  return randomBytes(8).toString('hex');
}

/** The leading newline ends whatever line a former writer left torn. */
export function encodeHello(epoch: string, names: string | undefined): Buffer {
  return Buffer.from(`\nSYN ${epoch} ${names ?? '-'}\n`, 'latin1');
}

export function decodeHello(line: Buffer): Hello | undefined {
  if (line[0] !== S || (line.length !== SHORT && line.length !== LONG)) return undefined;
  const [, epoch, names] = FORM.exec(line.toString('latin1')) ?? [];
  return epoch === undefined ? undefined : { epoch, names: names === '-' ? undefined : names };
}

/** Whether a hello seems to begin here. The line that ended right before it was then torn, not complete. */
export function helloFollows(chunk: Buffer, offset: number): boolean {
  return chunk[offset] === S && chunk.toString('latin1', offset, offset + PREFIX.length) === PREFIX;
}
