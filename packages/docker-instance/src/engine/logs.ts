import { Readable } from 'node:stream';
import { InstanceError } from '@ccb/instance-interface';
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
  const ending = signal === undefined ? wire.closed : AbortSignal.any([signal, wire.closed]);
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
  yield* logLines(follow ? stream : Readable.from(prompt(stream, id)), { tty, signal: ending });
}

/** A log that is not followed is all there: its pieces come promptly, or the engine hangs. A slow reader is no hang. */
async function* prompt(stream: Readable, id: string): AsyncGenerator<Uint8Array, void, void> {
  const stalled = (): void => {
    const message = `The log of the container ${id} stopped in the middle for ${QUIET_MS} ms. Read it again.`;
    stream.destroy(new InstanceError('CCB_TIMEOUT', message, { retryable: true }));
  };
  let timer = setTimeout(stalled, QUIET_MS);
  try {
    for await (const chunk of stream) {
      clearTimeout(timer);
      yield chunk;
      timer = setTimeout(stalled, QUIET_MS);
    }
  } finally {
    clearTimeout(timer);
    stream.destroy();
  }
}
