export { type TmuxBackend, type TmuxBackendOptions, tmuxBackend } from './backend.ts';
export type { CompletionChoice } from './completion/completion-choice.ts';
export type { Completion, CompletionDetector, DetectorScreen } from './completion/completion-detector.ts';
export type { TmuxData } from './tmux-data.ts';
export { TmuxInstance, type TmuxOptions } from './tmux-instance.ts';
export type { TmuxSpec } from './tmux-spec.ts';
