// The near end of the raw path: has a program run at the far end, and counts the bytes that arrive.
import { serve, setting } from './duty.ts';
import { DirectWriter, readInPlace } from './fifo-end.ts';
import type { RawPipes } from './raw-pipes.ts';
import type { Stream, Transfer } from './transfer.ts';

const { incoming, outgoing } = setting<RawPipes>();
const writer = new DirectWriter(incoming);
let missing = 0;
let complete: () => void = () => {};

readInPlace(outgoing, (chunk) => {
  missing -= chunk.length;
  if (missing === 0) complete();
});

serve(async ({ argv, bytes }: Stream): Promise<Transfer> => {
  missing = bytes;
  const before = performance.now();
  await new Promise<void>((resolve) => {
    complete = resolve;
    writer.write(Buffer.from(JSON.stringify(argv)), () => {});
  });
  return { bytes, ms: performance.now() - before };
});
