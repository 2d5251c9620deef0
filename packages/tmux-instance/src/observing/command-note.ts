import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A command in flight. */
export interface CommandNote {
  readonly id: string;
  readonly startedAt: string;
}

/** The command in flight, as its holder notes it in the instance's directory, for who observes and for the next host. */
export class CommandNotes {
  readonly #path: string;

  constructor(directory: string) {
    this.#path = join(directory, 'command.json');
  }

  write(id: string): void {
    const note: CommandNote = { id, startedAt: new Date().toISOString() };
    writeFileSync(this.#path, JSON.stringify(note), { mode: 0o600 });
  }

  clear(): void {
    rmSync(this.#path, { force: true });
  }

  /** Undefined: nothing runs. */
  read(): CommandNote | undefined {
    try {
      const { id, startedAt } = JSON.parse(readFileSync(this.#path, 'utf8')) as Record<string, unknown>;
      return typeof id === 'string' && typeof startedAt === 'string' ? { id, startedAt } : undefined;
    } catch {
      // There is none, or it is being written.
      return undefined;
    }
  }
}
