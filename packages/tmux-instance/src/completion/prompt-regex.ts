import type { Completion, CompletionDetector, DetectorScreen } from './completion-detector.ts';

/** The answer is complete when the cursor stands behind a prompt again. A guess: a program may write what looks like one. */
export function promptRegex(pattern: string): CompletionDetector {
  const expression = new RegExp(pattern, 'u');
  // A first prompt has nothing before it.
  let answered = true;
  return {
    name: 'promptRegex',
    inferred: true,
    feed(chunk: Uint8Array, { cursorLine }: DetectorScreen): Completion | undefined {
      if (chunk.length === 0) {
        // The command was sent just now: the prompt that is there is the one before it.
        answered = false;
        return undefined;
      }
      // The old prompt's line is left with the newline that the return key makes.
      answered ||= chunk.includes(10);
      return answered && expression.test(cursorLine) ? { success: true } : undefined;
    },
  };
}
