import type { Readable } from 'node:stream';
import { anySignal } from '@ccb/instance-interface/abstract';
import { about, pathOf } from './containers.ts';
import type { LogLine, LogOptions } from './engine.ts';
import { logLines } from './stream/log-lines.ts';
import type { Wire } from './wire.ts';

const QUIET_MS = 10_000;

/** `tty`: of the container, as inspected. */
export async function* containerLogs(
  wire: Wire,
  id: string,
  tty: boolean,
  { follow = false, since, tail, signal }: LogOptions,
): AsyncGenerator<LogLine, void, void> {
  const ending = anySignal(signal, wire.closed);
  const stream = await wire.open(
    {
      ...about(id, `read the log of the container ${id}`),
      method: 'GET',
      path: `${pathOf(id)}/logs`,
      query: {
        stdout: true,
        stderr: true,
        follow,
        ...(since === undefined ? {} : { since: since.getTime() / 1000 }),
        ...(tail === undefined ? {} : { tail }),
      },
    },
    { signal: ending },
  );
  const lines = logLines(stream, { tty, signal: ending });
  yield* follow ? lines : prompt(lines, stream);
}

/** A log that is not followed is all there: its lines come promptly, or the engine hangs. A slow reader is no hang. */
async function* prompt(lines: AsyncIterable<LogLine>, stream: Readable): AsyncGenerator<LogLine, void, void> {
  const stalled = (): void => void stream.destroy(new Error(`Nothing came for ${QUIET_MS} ms.`));
  let timer = setTimeout(stalled, QUIET_MS);
  try {
    for await (const line of lines) {
      clearTimeout(timer);
      yield line;
      timer = setTimeout(stalled, QUIET_MS);
    }
  } finally {
    clearTimeout(timer);
  }
}
