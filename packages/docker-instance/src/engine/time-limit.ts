/**
 * Aborts after `ms`, or with one of the signals. `AbortSignal.any` does not keep the timeout that it is given: Node 20
 * collects one that nobody listens to, and it never comes.
 */
export function timeLimit(ms: number, ...signals: readonly AbortSignal[]): AbortSignal {
  const limit = AbortSignal.timeout(ms);
  limit.addEventListener('abort', () => {});
  return signals.length === 0 ? limit : AbortSignal.any([...signals, limit]);
}
