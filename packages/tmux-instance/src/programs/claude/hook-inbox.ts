import { type FSWatcher, mkdirSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { openWriter } from '@ccb/named-pipe/fifo';
import { type HookEvent, parseHookEvent } from './hook-event.ts';

const ending = '.json';

/** Where hooks leave their events: read in the order of their time, each once, also those of a time when nobody read. */
export class HookInbox {
  readonly directory: string;
  #watcher: FSWatcher | undefined;
  #onEvent: ((event: HookEvent) => void) | undefined;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Begins to watch, then tells what is there already. */
  open(onEvent: (event: HookEvent) => void): void {
    this.close();
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    this.#onEvent = onEvent;
    this.#watcher = watch(this.directory, { persistent: false }, () => this.read());
    this.#watcher.on('error', () => {});
    this.read();
  }

  /** Forgets what is there. */
  clear(): void {
    rmSync(this.directory, { recursive: true, force: true });
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
  }

  /** Tells what has come and was not told yet. */
  read(): void {
    for (const name of this.#names()) {
      const path = join(this.directory, name);
      const event = parseHookEvent(path.slice(0, -ending.length), readFileSync(path, 'utf8'));
      rmSync(path, { force: true });
      if (event !== undefined) this.#onEvent?.(event);
    }
  }

  /** To the hook that asks. One that waits no longer gets nothing. */
  answer(event: HookEvent, answer: unknown): void {
    try {
      const writer = openWriter(`${event.file}.answer`);
      writer?.on('error', () => {});
      writer?.end(`${JSON.stringify(answer)}\n`);
    } catch {
      // Its FIFO went with it.
    }
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#onEvent = undefined;
  }

  #names(): readonly string[] {
    try {
      return readdirSync(this.directory)
        .filter((name) => name.endsWith(ending))
        .sort();
    } catch {
      return [];
    }
  }
}
