import type { Commands } from '../commands.ts';

/** The dialect of {@link MemoryProgram}: a word, then what it is about. */
export const memoryCommands: Commands = Object.freeze<Commands>({
  echo: (text) => `echo ${text}`,
  lines: (count) => `lines ${count}`,
  fail: (exitCode) => `fail ${exitCode}`,
  hang: () => 'hang',
  stderr: (text) => `stderr ${text}`,
  readStdin: () => 'read-stdin',
  background: () => 'background',
  ask: () => 'ask',
  recall: () => 'recall',
});
