/** An error as lines for a person: what happened and what to do, the code in parentheses, then, if wanted, its causes. */
export function describeFailure(error: unknown, options: { readonly causes: boolean }): readonly string[] {
  const code = codeOf(error);
  const lines = [code === undefined ? messageOf(error) : `${messageOf(error)} (${code})`];
  if (!options.causes) return lines;
  const seen = new Set<unknown>([error]);
  for (let cause = causeOf(error); cause !== undefined && !seen.has(cause); cause = causeOf(cause)) {
    seen.add(cause);
    lines.push(`caused by: ${messageOf(cause)}`);
  }
  return lines;
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trimEnd();
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
