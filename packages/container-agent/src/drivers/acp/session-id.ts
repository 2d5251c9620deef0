import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DriverContext } from '../driver.ts';
import { DriverError } from '../driver-error.ts';

/** Which conversation is the instance's, across the lives of the program and of the agent. */
export class SessionId {
  readonly #path: string;

  constructor({ memory }: DriverContext) {
    this.#path = join(memory, 'acp-session');
  }

  read(): string | undefined {
    try {
      return readFileSync(this.#path, 'utf8').trim() || undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  write(sessionId: string): void {
    writeFileSync(`${this.#path}.new`, `${sessionId}\n`, { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }

  /** Forgotten, so that it is told once: the next start begins a new one. */
  lost(why: string, cause?: unknown): DriverError {
    rmSync(this.#path, { force: true });
    const message = `The program cannot go on with its conversation: ${why}. What was said before is lost; the next command begins a new one.`;
    return new DriverError('CCB_SESSION_LOST', message, { retryable: true, cause });
  }
}
