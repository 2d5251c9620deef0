/** The caller's mistake on the command line. Exit code 2. */
export class UsageError extends Error {
  readonly code = 'CCB_USAGE';
  override readonly name = 'UsageError';
}
