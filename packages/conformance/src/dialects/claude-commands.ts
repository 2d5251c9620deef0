import type { Commands } from '../commands.ts';

/** The dialect of Claude Code that talks to the fake Messages API, and of the fake `claude`; both are in `@ccb/conformance/claude`. */
export const claudeCommands: Commands = Object.freeze<Commands>({
  echo: (text) => `say: ${text}`,
  lines: (count) => `lines: ${count}`,
  fail: () => 'error: 400',
  hang: () => 'hang',
  stderr: null,
  readStdin: null,
  background: null,
  ask: () => 'ask',
  recall: () => 'recall',
});
