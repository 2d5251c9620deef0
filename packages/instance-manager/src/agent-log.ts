import { closeSync, constants, fstatSync, openSync, readSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type InstanceLayout, readTail } from '@ccb/container-agent';

const TAIL_BYTES = 1024 * 1024;
const PIECE_BYTES = 64 * 1024;

export interface LogReadOptions {
  /** Lines from the end; absent: all that one MiB holds. */
  readonly tail?: number | undefined;
  /** Go on with what is to come. Default false. */
  readonly follow?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the agent of an instance says of its own life. Nothing where none has run yet. */
export async function* agentLog(
  { agentLog: path }: InstanceLayout,
  { tail, follow = false, signal }: LogReadOptions,
): AsyncGenerator<string, void, void> {
  // Before the first look, so that nothing falls between the two.
  const changes = follow ? new FileChanges(path, signal) : undefined;
  try {
    let at = sizeOf(path);
    const { text = '' } = readTail(path, { maxBytes: TAIL_BYTES });
    const begun = lastLines(text, tail);
    if (begun !== '') yield begun;
    if (changes === undefined) return;
    while (await changes.next()) {
      const { text: more, end } = readFrom(path, at);
      at = end;
      if (more !== '') yield more;
    }
  } finally {
    changes?.close();
  }
}

function lastLines(text: string, count: number | undefined): string {
  if (count === undefined) return text;
  const lines = text.split('\n');
  const ended = lines.at(-1) === '' ? 1 : 0;
  return lines.slice(Math.max(0, lines.length - ended - count)).join('\n');
}

/** Tells of changes of one file, that there were some and not how many. */
class FileChanges {
  readonly #watcher: ReturnType<typeof watch>;
  #changed = false;
  #closed = false;
  #wake: () => void = () => {};

  constructor(path: string, signal: AbortSignal | undefined) {
    const name = basename(path);
    this.#watcher = watch(dirname(path), { ...(signal && { signal }) }, (_event, changed) => {
      if (changed !== name) return;
      this.#changed = true;
      this.#wake();
    });
    const end = (): void => {
      this.#closed = true;
      this.#wake();
    };
    this.#watcher.on('close', end).on('error', end);
  }

  /** false: there will be no more. */
  async next(): Promise<boolean> {
    while (!this.#changed && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#changed = false;
    return !this.#closed;
  }

  close(): void {
    this.#watcher.close();
  }
}

function sizeOf(path: string): number {
  return readFrom(path, Number.MAX_SAFE_INTEGER).end;
}

/** What stands behind `start`; of a file that was made anew, all. */
function readFrom(path: string, start: number): { readonly text: string; readonly end: number } {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return { text: '', end: 0 };
  }
  try {
    const { size } = fstatSync(fd);
    let at = start === Number.MAX_SAFE_INTEGER ? size : start > size ? 0 : start;
    const pieces: Buffer[] = [];
    const piece = Buffer.alloc(PIECE_BYTES);
    for (let read = readSync(fd, piece, 0, PIECE_BYTES, at); read > 0; read = readSync(fd, piece, 0, PIECE_BYTES, at)) {
      pieces.push(Buffer.from(piece.subarray(0, read)));
      at += read;
    }
    return { text: Buffer.concat(pieces).toString('utf8'), end: at };
  } finally {
    closeSync(fd);
  }
}
