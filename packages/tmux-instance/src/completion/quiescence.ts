import type { Completion, CompletionDetector } from './completion-detector.ts';

/** The answer is complete when nothing was written for so many ms. A guess, and the last resort: a program may think. */
export function quiescence(silenceMs: number): CompletionDetector {
  let written = false;
  let begun = false;
  return {
    name: 'quiescence',
    inferred: true,
    silenceMs,
    feed(chunk: Uint8Array): Completion | undefined {
      if (chunk.length > 0) {
        written = true;
        return undefined;
      }
      if (!begun) {
        begun = true;
        return undefined;
      }
      const complete = written;
      written = false;
      begun = !complete;
      return complete ? { success: true } : undefined;
    },
  };
}
