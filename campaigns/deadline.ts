import { setTimeout as delay } from 'node:timers/promises';

/** A process that was killed, or has let go of everything, takes a moment to be gone; nothing tells of it. */
const EXIT_MS = 1_000;
const LOOK_MS = 10;

/** Rejects when `work` has not settled after `ms`. */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when this holds, at the latest when processes that are about to end must be gone. */
export async function settled(holds: () => boolean): Promise<void> {
  for (const until = performance.now() + EXIT_MS; !holds() && performance.now() < until; ) await delay(LOOK_MS);
}
