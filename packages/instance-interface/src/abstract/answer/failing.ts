import type { InstanceError } from '../../error.ts';

/** Throws at its first step: what an iterable does where a promise would reject. */
export function failing<T>(error: InstanceError): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }),
  };
}
