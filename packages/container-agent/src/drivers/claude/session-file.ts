import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DriverContext } from '../driver.ts';
import { DriverError } from '../driver-error.ts';
import type { Conversation } from './command-line.ts';
import { findTranscript } from './transcript.ts';

interface SessionRecord {
  readonly version: 1;
  readonly sessionId: string;
  readonly workspace: string;
  /** Claude Code has written it down: it must know it. */
  readonly used: boolean;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** `session.json`: which conversation is the instance's, across the lives of Claude Code and of the agent. */
export class SessionFile {
  readonly #context: DriverContext;
  readonly #path: string;
  #record: SessionRecord | undefined;

  constructor(context: DriverContext) {
    this.#context = context;
    this.#path = join(context.memory, 'session.json');
  }

  get sessionId(): string | undefined {
    return this.#record?.sessionId;
  }

  /**
   * What the next start is to go on with; a new one where nothing is recorded.
   * @throws {DriverError} CCB_SESSION_LOST, once, where the record cannot be read
   */
  next(): Conversation {
    this.#record = this.#read();
    if (this.#record === undefined) this.#write(randomUUID(), false);
    const { sessionId, used } = this.#record as unknown as SessionRecord;
    // One that never had a turn has no transcript and is begun again; one that was killed in its first turn may have one.
    return { sessionId, resume: used || findTranscript(this.#context.env, sessionId) !== undefined };
  }

  /** Claude Code is in this conversation now: `/clear` begins another one. */
  follow(sessionId: string): void {
    if (sessionId !== this.#record?.sessionId && UUID.test(sessionId)) this.#write(sessionId, false);
  }

  /** A turn of it has ended. What was just cleared is written down with its next prompt alone. */
  use(): void {
    if (this.#record === undefined || this.#record.used) return;
    const { sessionId } = this.#record;
    if (findTranscript(this.#context.env, sessionId) !== undefined) this.#write(sessionId, true);
  }

  /** Claude Code does not know it: forgotten, so that the next start begins a new one. */
  lost(): DriverError {
    const sessionId = this.#record?.sessionId ?? 'unknown';
    this.#forget();
    return lostError(`Claude Code has no conversation ${sessionId} in ${this.#context.workspace} any more`);
  }

  #read(): SessionRecord | undefined {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const record = parseRecord(text);
    if (record !== undefined) return record;
    this.#forget();
    throw lostError(`${this.#path} does not say which conversation this was`);
  }

  #write(sessionId: string, used: boolean): void {
    const record: SessionRecord = { version: 1, sessionId, workspace: this.#context.workspace, used };
    this.#record = record;
    writeFileSync(`${this.#path}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }

  #forget(): void {
    this.#record = undefined;
    rmSync(this.#path, { force: true });
  }
}

function parseRecord(text: string): SessionRecord | undefined {
  let record: Partial<SessionRecord> | null;
  try {
    record = JSON.parse(text) as Partial<SessionRecord> | null;
  } catch {
    return undefined;
  }
  const valid =
    record?.version === 1 &&
    typeof record.sessionId === 'string' &&
    UUID.test(record.sessionId) &&
    typeof record.workspace === 'string' &&
    typeof record.used === 'boolean';
  return valid ? (record as SessionRecord) : undefined;
}

function lostError(what: string): DriverError {
  return new DriverError(
    'CCB_SESSION_LOST',
    `${what}: what was said before is gone, and the command was not run. The next command begins a new conversation.`,
    { retryable: true },
  );
}
