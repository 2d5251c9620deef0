import { closeSync, constants } from 'node:fs';
import { join } from 'node:path';
import { JournalBrokenError } from './errors.ts';
import { type IdIndex, type KnownId, MAX_IDS } from './ids.ts';
import { isName, MAX_SEQ } from './line.ts';
import { cutBack, openOwned, readOwned, replaceOwned, writeFully } from './owned-file.ts';

export const IDS_LOG = 'ids.log';
const MAX_BYTES = 64 * 1024 * 1024;

/** The ids whose lines were rotated away: `[id, digest, beginSeq, endSeq | null]` per line, later ones win. */
export class IdsLog {
  readonly #path: string;
  #lines = 0;

  constructor(directory: string) {
    this.#path = join(directory, IDS_LOG);
  }

  /** @throws {JournalBrokenError} when it is no file of ours */
  load(index: IdIndex): void {
    for (const line of readOwned(this.#path, MAX_BYTES)?.split('\n') ?? []) {
      const entry = parse(line);
      if (!entry) continue;
      const [id, digest, beginSeq, endSeq] = entry;
      this.#lines++;
      index.begin(id, digest, beginSeq);
      if (endSeq !== null) index.end(id, endSeq);
    }
  }

  /** Keeps what begins or ends within the lines [first, last]. Throws the system's error; the log is then as before. */
  record(index: IdIndex, first: number, last: number): void {
    const lines: string[] = [];
    for (const [id, known] of index.entries()) {
      const { beginSeq, endSeq = 0 } = known;
      if ((beginSeq >= first && beginSeq <= last) || (endSeq >= first && endSeq <= last)) lines.push(format(id, known));
    }
    if (lines.length === 0) return;
    if (this.#lines + lines.length > 2 * MAX_IDS || !this.#append(lines)) this.rewrite(index);
    else this.#lines += lines.length;
  }

  /** Keeps them all. Atomic. Throws the system's error. */
  rewrite(index: IdIndex): void {
    const lines = [...index.entries()].map(([id, known]) => format(id, known));
    replaceOwned(this.#path, `${lines.join('\n')}\n`);
    this.#lines = lines.length;
  }

  /** False when there is nothing to append to. */
  #append(lines: readonly string[]): boolean {
    let file: ReturnType<typeof openOwned>;
    try {
      file = openOwned(this.#path, constants.O_WRONLY, MAX_BYTES);
    } catch (error) {
      if (error instanceof JournalBrokenError) return false;
      throw error;
    }
    if (!file) return false;
    try {
      // The newline in front closes a line that a crash tore.
      const bytes = Buffer.from(`\n${lines.join('\n')}\n`);
      writeFully(file.fd, [bytes], bytes.length, file.size);
      return true;
    } catch (error) {
      cutBack(file.fd, file.size);
      throw error;
    } finally {
      closeSync(file.fd);
    }
  }
}

function format(id: string, { digest, beginSeq, endSeq }: KnownId): string {
  return JSON.stringify([id, digest, beginSeq, endSeq ?? null]);
}

function parse(line: string): [string, string, number, number | null] | undefined {
  try {
    const [id, digest, beginSeq, endSeq] = JSON.parse(line);
    const valid = isName(id) && isName(digest) && isSeq(beginSeq);
    return valid && (endSeq === null || isSeq(endSeq)) ? [id, digest, beginSeq, endSeq] : undefined;
  } catch {
    return undefined;
  }
}

function isSeq(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= MAX_SEQ;
}
