import { flagAdvice } from './flag-advice.ts';
import { printable } from './terminal/printable.ts';

/** An error as lines for a person: what happened and what to do, the code in parentheses, then, if wanted, its causes. */
export function describeFailure(error: unknown, options: { readonly causes: boolean }): readonly string[] {
  const code = codeOf(error);
  const message = messageOf(error);
  const words = [message, flagAdvice(code, message), code && `(${code})`].filter((part) => part !== undefined);
  const lines = [words.join(' ')];
  if (!options.causes) return lines;
  const seen = new Set<unknown>([error]);
  for (let cause = causeOf(error); cause !== undefined && !seen.has(cause); cause = causeOf(cause)) {
    seen.add(cause);
    lines.push(`caused by: ${messageOf(cause)}`);
  }
  return lines;
}

/** On one line, whatever a program or a server had to say in it. */
function messageOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error));
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
