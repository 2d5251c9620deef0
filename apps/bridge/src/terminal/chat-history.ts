import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Lines kept. */
export const HISTORY_SIZE = 1_000;

/** What was typed in earlier chats, in a file that only its owner reads. */
export class ChatHistory {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Newest first, as readline wants it; nothing where there is no file yet. A file that outgrew its limit is cut. */
  load(): string[] {
    const all = this.#read();
    const kept = all.slice(-HISTORY_SIZE);
    if (kept.length < all.length) {
      const replacement = `${this.#file}.${process.pid}.new`;
      writeFileSync(replacement, kept.map((line) => `${line}\n`).join(''), { mode: 0o600 });
      renameSync(replacement, this.#file);
    }
    return kept.reverse();
  }

  add(line: string): void {
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    appendFileSync(this.#file, `${line}\n`, { mode: 0o600 });
  }

  #read(): string[] {
    try {
      return readFileSync(this.#file, 'utf8').split('\n').filter(Boolean);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  }
}
