import { type CompletionChoice, parseCompletion } from './completion-choice.ts';

/** What a record can hold of a choice: of a detector of a user's own its name. */
export type RecordedCompletion =
  | 'osc133'
  | 'exit'
  | { readonly promptRegex: string }
  | { readonly quiescenceMs: number }
  | { readonly detector: string };

/** Undefined: not what {@link recordedCompletion} makes. */
export function parseRecordedCompletion(value: unknown): readonly RecordedCompletion[] | undefined {
  if (!Array.isArray(value)) return undefined;
  try {
    const known = value.filter((choice) => typeof choice?.detector !== 'string');
    if (known.length > 0) parseCompletion(known);
    return value;
  } catch {
    return undefined;
  }
}

export function recordedCompletion(choices: readonly CompletionChoice[]): readonly RecordedCompletion[] {
  return choices.map((choice) => {
    if (typeof choice === 'string') return choice as 'osc133' | 'exit';
    return 'feed' in choice ? { detector: choice.name } : choice;
  });
}

/**
 * The choices of a record, with the detectors that it can only name.
 * @throws {TypeError} naming the one that was not given
 */
export function restoredCompletion(
  recorded: readonly RecordedCompletion[],
  given: readonly CompletionChoice[] | undefined,
): readonly CompletionChoice[] {
  return recorded.map((choice) => {
    if (typeof choice === 'string' || !('detector' in choice)) return choice;
    const own = given?.find((each) => typeof each === 'object' && 'feed' in each && each.name === choice.detector);
    if (own !== undefined) return own;
    throw new TypeError(
      `tmux: it was created with a detector ${choice.detector} of your own; give it in completion again`,
    );
  });
}
