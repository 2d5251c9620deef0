import type { Commands } from '../commands.ts';

/** The dialect of any POSIX shell, whether it lives on between commands or not. */
export const shellCommands: Commands = Object.freeze<Commands>({
  echo: (text) => `printf %s ${quoted(text)}`,
  lines: (count) => `i=0; while [ "$i" -lt ${count} ]; do i=$((i+1)); echo "$i"; done`,
  fail: (exitCode) => `(exit ${exitCode})`,
  // One process that obeys a signal at once, from before it says so to its end.
  hang: () => '(echo begun; exec sleep 1000)',
  stderr: (text) => `printf %s ${quoted(text)} >&2`,
  readStdin: () => 'cat >/dev/null; echo eof',
  background: () => '(sleep 0.3; echo late) & echo left',
  ask: null,
  recall: null,
});

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
