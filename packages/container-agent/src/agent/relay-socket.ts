import { watch } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { errorCode } from './error-code.ts';
import { isAbstract, socketAddress } from './socket-address.ts';

/** ms until the next attempt where nothing tells: of a name without a file, or of a file that nobody listens at yet. */
const ATTEMPT_MS = 50;

/** Nobody listens there, as opposed to a socket that cannot be used. */
export function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED'].includes(errorCode(error) ?? '');
}

/** Connects to whoever listens there, also to an agent that is just starting: `waitMs` is the time it has. */
export async function connectedWithin(socket: string, waitMs: number): Promise<Socket> {
  if (waitMs === 0) return await connected(socket);
  const until = performance.now() + waitMs;
  let changed = (): void => undefined;
  const watcher = isAbstract(socket) ? undefined : watch(dirname(socket), () => changed());
  try {
    for (;;) {
      const change = new Promise<void>((resolve) => {
        changed = resolve;
      });
      try {
        return await connected(socket);
      } catch (error) {
        const leftMs = until - performance.now();
        if (!isAbsent(error) || leftMs <= 0) throw error;
        const told = errorCode(error) === 'ENOENT' && watcher !== undefined;
        const timer = setTimeout(changed, told ? leftMs : Math.min(leftMs, ATTEMPT_MS));
        await change;
        clearTimeout(timer);
      }
    }
  } finally {
    watcher?.close();
  }
}

function connected(socket: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const agent = connect(socketAddress(socket), () => {
      agent.off('error', reject);
      resolve(agent);
    });
    agent.once('error', reject);
  });
}
