import { InstanceError } from '@ccb/instance-interface';

/** What the input box takes for an order to leave. */
const leaving: ReadonlySet<string> = new Set(['exit', 'quit', ':q', ':q!', ':wq', ':wq!']);

/**
 * The keys that put a text into Claude Code's input box as it is.
 * @throws {InstanceError} CCB_COMMAND_FAILED for a text that cannot be said there
 */
export function promptKeys(text: string, instance: string): string {
  if (leaving.has(text.trim())) {
    const message = `${instance}: Claude Code's terminal interface takes ${JSON.stringify(text.trim())} as the order to end. Say it within a sentence.`;
    throw new InstanceError('CCB_COMMAND_FAILED', message, { instance });
  }
  // At the beginning they are commands; with a space before them they are text.
  const neutral = /^[/!#?@&]/.test(text) ? ` ${text}` : text;
  return `\x15\x1b[200~${neutral.replaceAll('\x1b[201~', '')}\x1b[201~`;
}
