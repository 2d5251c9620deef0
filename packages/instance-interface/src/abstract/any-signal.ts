const held = new WeakMap<AbortSignal, readonly (AbortSignal | undefined)[]>();

/**
 * Aborts with the first of the signals that are given, as `AbortSignal.any` does, and keeps them: that one refers weakly to
 * its sources, and Node collects an `AbortSignal.timeout` that nobody else holds, so that the deadline never comes.
 */
export function anySignal(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  const signal = AbortSignal.any(signals.filter((each) => each !== undefined));
  held.set(signal, signals);
  return signal;
}
