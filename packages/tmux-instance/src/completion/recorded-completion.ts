import type { CompletionChoice } from './completion-choice.ts';

export type RecordedCompletion = string | { readonly promptRegex: string } | { readonly quiescenceMs: number };

export function parseRecordedCompletion(value: unknown): readonly RecordedCompletion[] | undefined {
  return value as readonly RecordedCompletion[];
}

export function recordedCompletion(choices: readonly CompletionChoice[]): readonly RecordedCompletion[] {
  return choices as readonly RecordedCompletion[];
}
