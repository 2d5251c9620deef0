import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';

export type AgentLog = (
  level: 'debug' | 'info' | 'warn' | 'error',
  event: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;

/** Entries of one event that one minute may have: a host that floods the agent does not fill the disk with what the agent thinks of it. */
const ENTRIES = 100;
const WINDOW_MS = 60_000;
/** Longest text in a field, in characters: what a host sent may stand in it. */
const FIELD_CHARACTERS = 2_000;
/** A log file beyond this begins anew. */
const FILE_BYTES = 16 * 1024 * 1024;

interface Window {
  since: number;
  entries: number;
  suppressed: number;
}

/** Says how many entries of an event were left out before this one; undefined: leave this one out too. */
export class LogLimit {
  readonly #windows = new Map<string, Window>();

  admit(event: string, now: number): number | undefined {
    const window = this.#windows.get(event);
    if (window === undefined || now - window.since >= WINDOW_MS) {
      this.#windows.set(event, { since: now, entries: 1, suppressed: 0 });
      return window?.suppressed ?? 0;
    }
    window.entries += 1;
    if (window.entries <= ENTRIES) return 0;
    window.suppressed += 1;
    return undefined;
  }
}

/** One JSON line an entry on stderr, which the host points at `agent.log` (a container: at the engine's log). */
export function stderrLog(name: string, fd: number = 2): AgentLog {
  const limit = new LogLimit();
  return (level, event, fields) => {
    const suppressed = limit.admit(event, performance.now());
    if (suppressed === undefined) return;
    const entry = {
      at: new Date().toISOString(),
      level,
      event,
      instance: name,
      ...(suppressed > 0 && { suppressed }),
      ...fields,
    };
    try {
      // A disk that is full, or a terminal that is closed, must not end the agent.
      const file = fstatSync(fd);
      if (file.isFile() && file.size > FILE_BYTES) ftruncateSync(fd);
      writeSync(fd, `${JSON.stringify(entry, shortened)}\n`);
    } catch {}
  };
}

/**
 * The same in a file (0600) that is made or gone on with. It may lie where the program can write.
 * @throws {Error} when something else is at `path`, or it cannot be opened
 */
export function fileLog(name: string, path: string): AgentLog {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const problem = (what: string, cause?: unknown): Error =>
    new Error(`The agent's log ${path} ${what}. Move it away, or name another one.`, { cause });
  let fd: number;
  try {
    fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (cause) {
    throw problem(`cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const stats = fstatSync(fd);
  if (!stats.isFile() || stats.nlink > 1) {
    closeSync(fd);
    throw problem(stats.isFile() ? 'has several names' : 'is no regular file');
  }
  return stderrLog(name, fd);
}

function shortened(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > FIELD_CHARACTERS ? `${value.slice(0, FIELD_CHARACTERS)}…` : value;
}
