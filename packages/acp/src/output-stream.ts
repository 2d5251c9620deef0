import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** A web stream that never holds more than one piece: a slow reader is waited for. It leaves the Node stream open. */
export function outputStream(output: Writable): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>(
    {
      async write(piece) {
        if (output.errored) throw output.errored;
        if (!output.write(piece)) await once(output, 'drain');
      },
    },
    new CountQueuingStrategy({ highWaterMark: 1 }),
  );
}
