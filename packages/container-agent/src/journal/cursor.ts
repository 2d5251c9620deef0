import { JournalLostError } from './errors.ts';
import { MAX_SEQ } from './line.ts';

export const JOURNAL_ID: RegExp = /^[a-z0-9]{12}$/;

export interface CursorPosition {
  readonly journalId: string;
  readonly seq: number;
}

export function formatCursor(journalId: string, seq: number): string {
  return `${journalId}.${seq}`;
}

/** @throws {TypeError} when the text is no cursor at all. */
export function parseCursor(text: string): CursorPosition {
  const match = /^([a-z0-9]{12})\.(0|[1-9]\d{0,15})$/.exec(text);
  const seq = Number(match?.[2]);
  if (match?.[1] === undefined || seq > MAX_SEQ) {
    throw new TypeError(
      `Not a cursor: ${JSON.stringify(text.slice(0, 64))}. Hand back a cursor exactly as it was given.`,
    );
  }
  return { journalId: match[1], seq };
}

/**
 * The sequence number that a cursor names in the journal `journalId`.
 * @throws {JournalLostError} CCB_JOURNAL_LOST for the cursor of another journal
 * @throws {TypeError} when the text is no cursor at all
 */
export function seqOfCursor(text: string, journalId: string): number {
  const cursor = parseCursor(text);
  if (cursor.journalId !== journalId) {
    throw new JournalLostError(
      `The cursor belongs to journal ${cursor.journalId}, which is no more; this one is ${journalId}. Read again without a cursor.`,
    );
  }
  return cursor.seq;
}
