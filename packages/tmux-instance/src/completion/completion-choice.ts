import type { CompletionDetector } from './completion-detector.ts';
import { promptRegex } from './prompt-regex.ts';
import { quiescence } from './quiescence.ts';

/** How the end of an answer is known. */
export type CompletionChoice =
  | 'osc133'
  | 'claude-hooks'
  | 'exit'
  | { readonly promptRegex: string }
  | { readonly quiescenceMs: number }
  | CompletionDetector;

/** The choices of one program, ready for use. */
export interface Completions {
  /** The program marks its prompts itself, after OSC 133. */
  readonly marks: boolean;
  /** Asked in this order; the first that fires wins. */
  readonly detectors: readonly CompletionDetector[];
}

const shapes = "'osc133', 'exit', { promptRegex }, { quiescenceMs } or a detector of your own";

/** Unknown JSON, or objects, in. @throws {TypeError} that says what is wrong */
export function parseCompletion(value: unknown): readonly CompletionChoice[] {
  if (!Array.isArray(value) || value.length === 0) throw new TypeError(`tmux: completion must be a list of ${shapes}`);
  for (const choice of value) assertChoice(choice);
  return value;
}

/** New detectors: they remember what they were fed. */
export function completionsOf(choices: readonly CompletionChoice[]): Completions {
  return { marks: choices.includes('osc133'), detectors: choices.flatMap((choice) => detectorOf(choice) ?? []) };
}

function assertChoice(choice: unknown): void {
  if (choice === 'osc133' || choice === 'exit') return;
  if (choice === 'claude-hooks')
    throw new TypeError("tmux: completion 'claude-hooks' comes with program: 'claude'; leave argv and completion out");
  const { promptRegex: pattern, quiescenceMs: ms, name, feed } = objectOf(choice);
  if (typeof pattern === 'string') assertPattern(pattern);
  else if (ms !== undefined) {
    if (typeof ms !== 'number' || !(ms >= 1) || ms > 3_600_000)
      throw new TypeError('tmux: quiescenceMs must be a number of ms, 1 to 3600000');
  } else if (typeof name !== 'string' || typeof feed !== 'function')
    throw new TypeError(`tmux: completion holds ${JSON.stringify(choice)}, which is none of ${shapes}`);
}

function assertPattern(pattern: string): void {
  try {
    new RegExp(pattern, 'u');
  } catch (cause) {
    throw new TypeError(`tmux: promptRegex ${JSON.stringify(pattern)} is no regular expression`, { cause });
  }
}

function detectorOf(choice: CompletionChoice): CompletionDetector | undefined {
  if (typeof choice === 'string') return undefined;
  if ('promptRegex' in choice) return promptRegex(choice.promptRegex);
  if ('quiescenceMs' in choice) return quiescence(choice.quiescenceMs);
  return choice;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
