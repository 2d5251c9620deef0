/**
 * Hangs up on a program, as a terminal that is closed does, and waits until it is gone, at most so long.
 * @param whenEnded gets what is to be called when it is gone
 */
export async function hangUp(
  pid: number,
  graceMs: number,
  signal: AbortSignal,
  whenEnded: (ended: () => void) => void,
): Promise<void> {
  const over = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, graceMs);
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    whenEnded(end);
    signal.addEventListener('abort', end, { once: true });
  });
  try {
    process.kill(pid, 'SIGHUP');
  } catch {
    return;
  }
  await over;
}
