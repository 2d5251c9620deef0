import type { CompletionDetector } from './completion-detector.ts';

/** How the end of an answer is known. */
export type CompletionChoice =
  | 'osc133'
  | 'claude-hooks'
  | 'exit'
  | { readonly promptRegex: string }
  | { readonly quiescenceMs: number }
  | CompletionDetector;

export function parseCompletion(value: unknown): readonly CompletionChoice[] {
  return value as readonly CompletionChoice[];
}
