import type { TmuxCommand } from './control.ts';

/** The control line that runs these commands, one after the other, in one turn of the server. */
export function controlLine(commands: readonly TmuxCommand[]): Buffer {
  if (commands.length === 0) throw new TypeError('an empty control line would end the client');
  const parts: Buffer[] = [];
  for (const command of commands) {
    if (parts.length > 0) parts.push(Buffer.from(' ; '));
    for (const [index, word] of command.entries()) {
      if (index > 0) parts.push(Buffer.from(' '));
      parts.push(quoted(word));
    }
  }
  parts.push(Buffer.from('\n'));
  return Buffer.concat(parts);
}

/** A word as tmux's own parser reads it back, byte for byte. @throws {TypeError} for a NUL */
function quoted(word: string | Buffer): Buffer {
  const bytes = typeof word === 'string' ? Buffer.from(word) : word;
  if (bytes.includes(0)) throw new TypeError('tmux takes no NUL');
  let escapes = 0;
  for (const byte of bytes) if (isEscaped(byte)) escapes += 1;
  const out = Buffer.allocUnsafe(bytes.length + escapes * 3 + 2);
  let at = out.write('"');
  for (const byte of bytes) {
    if (isEscaped(byte)) at += out.write(`\\${byte.toString(8).padStart(3, '0')}`, at, 'latin1');
    else {
      out[at] = byte;
      at += 1;
    }
  }
  out.write('"', at);
  return out;
}

/** Control characters, what means something within double quotes, and 0xff, which tmux takes for the end of its input. */
function isEscaped(byte: number): boolean {
  return byte < 0x20 || byte === 0x7f || byte === 0x22 || byte === 0x24 || byte === 0x5c || byte === 0xff;
}
