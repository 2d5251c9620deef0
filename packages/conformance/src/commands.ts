/**
 * What the suite says to the program under test. Each function gives the text of one command; what is `null` the program
 * cannot be asked for, on purpose.
 */
export interface Commands {
  /** Answers exactly `text`, as its stdout, and succeeds. `text` may hold anything but NUL. */
  echo(text: string): string;
  /** Answers `1\n2\n…count\n` in more than one piece, and succeeds. */
  lines(count: number): string;
  /** Fails; with this exit code (1 to 125) where the program has exit codes. */
  fail(exitCode: number): string;
  /** Answers `begun\n`, then goes on until it is ended from outside. */
  hang(): string;
  /** Writes exactly `text` to stderr and nothing to stdout, and succeeds. */
  readonly stderr: ((text: string) => string) | null;
  /** Reads its stdin to the end, which must come at once, answers `eof\n`, and succeeds. */
  readonly readStdin: (() => string) | null;
  /** Succeeds at once with `left\n` while a child of its goes on in the background and writes `late\n` a little later. */
  readonly background: (() => string) | null;
  /** Asks for a permission; answers exactly `allowed` where it was given and `denied` where not, and succeeds. */
  readonly ask: (() => string) | null;
  /** Answers every earlier command's text of this conversation, one a line, where the program remembers. */
  readonly recall: (() => string) | null;
}
