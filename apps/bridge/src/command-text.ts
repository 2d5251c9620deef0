import { buffer } from 'node:stream/consumers';
import { decodeInput } from './lines.ts';
import { UsageError } from './usage-error.ts';

export interface Input extends AsyncIterable<Uint8Array> {
  readonly isTTY?: boolean | undefined;
}

/** The one command of `ccb run`: the words, or all of stdin where they say `-` or nothing. @throws {UsageError} when that is nothing */
export async function commandText(words: readonly string[], stdin: Input): Promise<string> {
  const fromStdin = words.length === 0 ? !stdin.isTTY : words.length === 1 && words[0] === '-';
  const text = fromStdin ? decodeInput(await buffer(stdin)) : words.join(' ');
  if (text.trim() === '') {
    const where = fromStdin ? 'stdin was empty' : 'no text was given';
    throw new UsageError(`There is nothing to run: ${where}. Write ccb run TEXT, or pipe the text in.`);
  }
  return text;
}
