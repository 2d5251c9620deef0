// The far end of a raw round trip: gives back what it gets.
import { serve, setting } from './duty.ts';
import { DirectWriter, readByEvents, readInPlace, socketWriter } from './fifo-end.ts';
import type { RawPipes } from './raw-pipes.ts';

const { incoming, outgoing, direct } = setting<RawPipes>();

if (direct) {
  const writer = new DirectWriter(outgoing);
  readInPlace(incoming, (chunk) => void writer.write(chunk, () => {}));
} else {
  const write = socketWriter(outgoing);
  readByEvents(incoming, write);
}
serve(() => undefined);
