import { closeSync, constants, openSync, readSync } from 'node:fs';

/**
 * Forgets the lines that were typed before anybody asked: they were meant for something else, and must not decide. A line
 * that is not finished yet stays in the terminal.
 */
export function discardTypedAhead(input: NodeJS.ReadableStream): void {
  if (!('isTTY' in input) || input.isTTY !== true) return;
  while (input.read() !== null);
  let terminal: number | undefined;
  try {
    // A description of its own: making stdin's non-blocking would make the shell's so, too.
    terminal = openSync('/dev/tty', constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const line = Buffer.alloc(4096);
    while (readSync(terminal, line) > 0);
  } catch (error) {
    // EAGAIN: nothing more was typed. Without a controlling terminal nothing can be forgotten.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EAGAIN' && code !== 'ENXIO' && code !== 'ENOENT') throw error;
  } finally {
    if (terminal !== undefined) closeSync(terminal);
  }
}
