// The near end of a raw round trip: 100 bytes there, 100 bytes back, no protocol.
import { serve, setting } from './duty.ts';
import { DirectWriter, readByEvents, readInPlace, socketWriter } from './fifo-end.ts';
import type { RawPipes } from './raw-pipes.ts';
import { timeEach } from './timing.ts';

const { incoming, outgoing, direct } = setting<RawPipes>();
const message = Buffer.alloc(100, 'x');
let received = 0;
let complete: (() => void) | undefined;

const take = (chunk: Buffer): void => {
  received += chunk.length;
  if (received < message.length) return;
  received -= message.length;
  complete?.();
};
const roundTrip = (write: (chunk: Buffer) => void): Promise<void> =>
  new Promise((resolve) => {
    complete = resolve;
    write(message);
  });

let write: (chunk: Buffer) => void;
if (direct) {
  readInPlace(outgoing, take);
  const writer = new DirectWriter(incoming);
  write = (chunk) => void writer.write(chunk, () => {});
} else {
  readByEvents(outgoing, take);
  write = socketWriter(incoming);
}
serve((count: number) => timeEach(count, () => roundTrip(write)));
