import { lstatSync, mkdirSync, opendirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalLog } from './log.ts';

const PREFIX = 'lost-';

/**
 * Where files go that the journal cannot use: `lost-<time>/` beside it, for a person to look at. There is one such
 * directory at most; the one before is removed.
 */
export class Lost {
  readonly #directory: string;
  readonly #log: JournalLog;
  #target: string | undefined;

  constructor(directory: string, log: JournalLog) {
    this.#directory = directory;
    this.#log = log;
  }

  /** Moves what has this name, whatever it is, without opening it. Throws the system's error. */
  take(name: string, reason: string): void {
    const path = join(this.#directory, name);
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
    this.#target ??= this.#make();
    const target = join(this.#target, name);
    rmSync(target, { recursive: true, force: true });
    renameSync(path, target);
    this.#log('warn', 'journal.set_aside', { name, reason, to: this.#target });
  }

  #make(): string {
    for (const name of this.#earlier()) {
      rmSync(join(this.#directory, name), { recursive: true, force: true });
      this.#log('warn', 'journal.lost_removed', { name });
    }
    const path = join(this.#directory, PREFIX + new Date().toISOString().replaceAll(':', '-'));
    mkdirSync(path, { mode: 0o700 });
    return path;
  }

  #earlier(): string[] {
    const names: string[] = [];
    const directory = opendirSync(this.#directory);
    try {
      for (let entry = directory.readSync(); entry; entry = directory.readSync()) {
        if (entry.name.startsWith(PREFIX)) names.push(entry.name);
      }
    } finally {
      directory.closeSync();
    }
    return names;
  }
}
