/** What a detector may look at beside the bytes. */
export interface DetectorScreen {
  /** The line that the cursor is on, up to the cursor, as the terminal shows it. */
  readonly cursorLine: string;
}

/** The answer is complete. */
export interface Completion {
  readonly success: boolean;
  readonly exitCode?: number | undefined;
}

/**
 * Says when an answer is complete. Pure and synchronous: fed the bytes of one command, each time with the screen as it is
 * after them. `feed` is called once with no bytes when the command was sent, and again after a silence that it asked for.
 */
export interface CompletionDetector {
  /** Stands in `result.completedBy`. */
  readonly name: string;
  /** It is a guess: `result.inferred`. */
  readonly inferred: boolean;
  /** A silence of so many ms is something to look at: `feed` is then called with no bytes. */
  readonly silenceMs?: number | undefined;
  feed(chunk: Uint8Array, screen: DetectorScreen): Completion | undefined;
}
