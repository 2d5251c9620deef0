import { TextDecoder } from 'node:util';
import { InstanceError } from '@ccb/instance-interface';
import type { ExecResult } from '../engine.ts';
import type { AttachedExec } from './exec-session.ts';

export interface CollectOptions {
  /** Of stdout. What comes beyond is read and dropped. */
  readonly maxBytes: number;
  /** What its stdin brings; then, or without it at once, the end. */
  readonly input?: string | Buffer | undefined;
  /** Closes the session; the call rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the exec to its end and lets go of it. `stderr` is what the session kept of it.
 *
 * @throws {InstanceError} CCB_BACKEND_UNREACHABLE: the connection broke, or the engine did not say how the exec ended
 */
export async function collectExec(session: AttachedExec, options: CollectOptions): Promise<ExecResult> {
  const { maxBytes, input, signal } = options;
  const onAbort = (): void => session.close();
  try {
    signal?.throwIfAborted();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (input === undefined) session.stdin.end();
    else session.stdin.end(input);
    const stdout = await readHead(session, maxBytes);
    const exitCode = await session.exit;
    signal?.throwIfAborted();
    if (session.lost) throw session.lost;
    if (exitCode === undefined) throw unknownEnd();
    return { exitCode, stdout, stderr: session.stderrTail() };
  } finally {
    signal?.removeEventListener('abort', onAbort);
    session.close();
  }
}

async function readHead(session: AttachedExec, maxBytes: number): Promise<string> {
  const kept: Buffer[] = [];
  let left = maxBytes;
  let cut = false;
  for await (const chunk of session.stdout as AsyncIterable<Buffer>) {
    cut ||= chunk.length > left;
    if (left > 0) kept.push(chunk.subarray(0, left));
    left = Math.max(0, left - chunk.length);
  }
  // A character that the cut went through is left out.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(kept), { stream: cut });
}

function unknownEnd(): InstanceError {
  return new InstanceError(
    'CCB_BACKEND_UNREACHABLE',
    'The output of the exec ended, but the engine did not say how the program did: it was cut off, or it goes on in the background.',
  );
}
