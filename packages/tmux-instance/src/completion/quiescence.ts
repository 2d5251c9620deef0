import type { Completion, CompletionDetector } from './completion-detector.ts';

/** The answer is complete when nothing was written for so many ms. A guess, and the last resort: a program may think. */
export function quiescence(silenceMs: number): CompletionDetector {
  let written = false;
  return {
    name: 'quiescence',
    inferred: true,
    silenceMs,
    feed(chunk: Uint8Array): Completion | undefined {
      if (chunk.length > 0) {
        written = true;
        return undefined;
      }
      // Nothing was written since the command was sent: it has not answered yet.
      return written ? { success: true } : undefined;
    },
  };
}
