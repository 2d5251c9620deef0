export type JournalErrorCode =
  | 'CCB_DISK_FULL'
  | 'CCB_JOURNAL_GAP'
  | 'CCB_JOURNAL_LOST'
  | 'CCB_JOURNAL_VERSION'
  | 'CCB_CLOSED';

export class JournalError extends Error {
  readonly code: JournalErrorCode;

  constructor(code: JournalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Nothing was written: the journal ends with the same line as before. Any failed write counts, `cause` says which. */
export class JournalFullError extends JournalError {
  constructor(what: string, cause: unknown) {
    super(
      'CCB_DISK_FULL',
      `${what} could not be written (${reasonOf(cause)}). ${remedyFor(errnoOf(cause))} Then send the command again.`,
      { cause },
    );
  }
}

/** The lines asked for existed and are no longer kept. */
export class JournalGapError extends JournalError {
  /** Sequence number of the oldest line that can still be read. */
  readonly firstSeq: number;

  constructor(firstSeq: number, afterSeq?: number) {
    const lines = afterSeq === undefined ? 'the lines asked for' : `the lines right after ${afterSeq}`;
    super(
      'CCB_JOURNAL_GAP',
      `The journal no longer has ${lines}; the oldest it keeps is ${firstSeq}. Read again without a cursor, or after ${firstSeq - 1}.`,
    );
    this.firstSeq = firstSeq;
  }
}

/** A cursor that means nothing here: of another journal, or beyond the end of this one. */
export class JournalLostError extends JournalError {
  constructor(message: string) {
    super('CCB_JOURNAL_LOST', message);
  }
}

/** Something in the journal's directory is not what was written there. */
export class JournalBrokenError extends JournalError {
  readonly path: string;

  constructor(path: string, what: string, cause?: unknown) {
    super(
      'CCB_JOURNAL_LOST',
      `The journal cannot use ${path}: ${what}. Move it out of the way and restart the agent.`,
      { cause },
    );
    this.path = path;
  }
}

/** Written by a newer version; nothing was touched. */
export class JournalVersionError extends JournalError {
  constructor(path: string, found: number, known: number) {
    super(
      'CCB_JOURNAL_VERSION',
      `${path} has version ${found}, this agent knows up to ${known}. Upgrade ccb, or move the journal's directory away to start anew.`,
    );
  }
}

export class JournalClosedError extends JournalError {
  constructor() {
    super('CCB_CLOSED', 'The journal was closed. Open it again.');
  }
}

/** Translates what the system threw; what is ours already passes. */
export function journalError(path: string, error: unknown): JournalError {
  if (error instanceof JournalError) return error;
  const code = errnoOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new JournalFullError(path, error);
  return new JournalBrokenError(path, error instanceof Error ? error.message : String(error), error);
}

export function errnoOf(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function reasonOf(cause: unknown): string {
  return errnoOf(cause) ?? (cause instanceof Error ? cause.message : String(cause));
}

function remedyFor(code: string | undefined): string {
  const elsewhere = code !== undefined && code !== 'ENOSPC' && code !== 'EDQUOT';
  return elsewhere ? 'Check the disk and its mount.' : 'Make room on the disk, or raise its quota.';
}
