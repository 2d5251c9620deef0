import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shellQuoted } from '../../pane/launch-script.ts';

/** What readline takes as it is, and a shell as one command: `!` is history, a final backslash goes on. */
const simple = /^[A-Za-z_./~[({'"$][\x20\x22-\x7e]{0,1999}$/;

/**
 * The line to type for a command. Everything that a line editor or a terminal could take for something else is written to
 * a file, which is sourced.
 * @param directory of the instance's own
 */
export function commandInput(text: string, directory: string): string {
  if (simple.test(text) && !text.endsWith('\\')) return text;
  const file = join(directory, 'command.sh');
  writeFileSync(file, text.endsWith('\n') ? text : `${text}\n`, { mode: 0o600 });
  const words = text.replaceAll(/[^\x20\x22-\x7e]+/g, ' ').trim();
  const shown = words.length > 60 ? `${words.slice(0, 59)}~` : words;
  return `. ${shellQuoted(file)} # ${shown}`;
}

/** Between the brackets by which a line editor knows what is pasted, and the key that ends a line. */
export function typed(line: string): string {
  return `\x1b[200~${line}\x1b[201~\r`;
}
