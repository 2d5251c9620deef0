/**
 * Defines `__ccb_mark TOKEN STATUS RETURN`. A mark opens its FIFO for itself, so no descriptor of it is there for a
 * command or a background child to hold, and `<>` never waits for a reader: bash outlives an agent that was killed only
 * until its input ends. A user's function called `builtin` would swallow every mark, hence the unset.
 */
export function initialScript(marksPath: string): string {
  return [
    `__ccb_mark() { unset -f builtin; builtin printf '%s %s %s\\0' "$1" "$2" "\${PWD-}" 1<>${quote(marksPath)}; builtin return "$3"; }`,
    'readonly -f __ccb_mark',
    'exec 2>/dev/null',
    '',
  ].join('\n');
}

export interface SourceRequest {
  /** Token of the mark that says: it begins. */
  readonly token: string;
  /** What `$?` is for the command's first line. */
  readonly lastStatus: number;
  readonly file: string;
  readonly stdout: string;
  /** Absent: to stdout, in exact order. */
  readonly stderr: string | undefined;
}

/**
 * One line, so that an interrupt after the begin mark discards the rest of it too. Sourced at the top level, not in a
 * function: there `declare` would be local and `$@` the function's. `if` keeps `$?` and wakes neither errexit nor ERR.
 */
export function sourceLine(request: SourceRequest): string {
  const stderr = request.stderr === undefined ? '2>&1' : `2>${quote(request.stderr)}`;
  // Bash keeps its own three descriptors at 10 and up meanwhile, in this order: its input, without which it ends, where a
  // script is least likely to close a number of its choice.
  const source = `builtin . ${quote(request.file)} >${quote(request.stdout)} ${stderr} </dev/null`;
  return `if __ccb_mark ${request.token} 0 ${request.lastStatus}; then ${source}; else ${source}; fi\n`;
}

/** Asks for a mark with the status of the command before. */
export function statusLine(token: string): string {
  return `__ccb_mark ${token} $? 0\n`;
}

function quote(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
