import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { JOURNAL_ID } from './cursor.ts';
import { JournalBrokenError, JournalVersionError } from './errors.ts';
import { MAX_SEQ } from './line.ts';
import { readOwned, replaceOwned } from './owned-file.ts';

export const STATE_FILE = 'journal.json';
const VERSION = 1;
const MAX_BYTES = 4096;

export interface JournalState {
  readonly journalId: string;
  readonly ackedSeq: number;
  /** A line that is known to have been written; the journal may have gone on. */
  readonly lastSeq: number;
}

/**
 * Undefined when the journal has none.
 * @throws {JournalVersionError} when a newer version wrote it
 * @throws {JournalBrokenError} when it says nothing that can be believed
 */
export function readState(directory: string): JournalState | undefined {
  const path = join(directory, STATE_FILE);
  const text = readOwned(path, MAX_BYTES);
  if (text === undefined) return undefined;
  let state: Record<string, unknown>;
  try {
    state = Object(JSON.parse(text));
  } catch (cause) {
    throw new JournalBrokenError(path, 'it is not JSON', cause);
  }
  const { version, journalId, ackedSeq, lastSeq } = state;
  if (typeof version === 'number' && version > VERSION) throw new JournalVersionError(path, version, VERSION);
  const believable =
    version === VERSION &&
    typeof journalId === 'string' &&
    JOURNAL_ID.test(journalId) &&
    isSeq(ackedSeq) &&
    isSeq(lastSeq);
  if (!believable) throw new JournalBrokenError(path, 'its fields are not those of a journal');
  return { journalId, ackedSeq, lastSeq };
}

/** Atomic. Throws the system's error. */
export function writeState(directory: string, { journalId, ackedSeq, lastSeq }: JournalState): void {
  replaceOwned(join(directory, STATE_FILE), `${JSON.stringify({ version: VERSION, journalId, ackedSeq, lastSeq })}\n`);
}

export function newJournalId(): string {
  return Array.from({ length: 12 }, () => randomInt(36).toString(36)).join('');
}

function isSeq(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_SEQ;
}
