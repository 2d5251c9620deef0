import { isAscii, isUtf8 } from 'node:buffer';
import { NamedPipeError } from '../error.ts';

const ZERO = 0x30;
const NINE = 0x39;

const isDigit = (code: number | undefined): boolean => code !== undefined && code >= ZERO && code <= NINE;

/**
 * One line, newline included.
 * @throws {TypeError} for what JSON cannot carry
 * @throws {NamedPipeError} CCB_PIPE_TOO_LARGE
 */
export function encodeMessage(message: unknown, maxBytes: number): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(message);
  } catch (cause) {
    if (cause instanceof RangeError && /string length/i.test(cause.message)) throw tooLarge(undefined, maxBytes, cause);
    throw new TypeError(`This message cannot be sent as JSON: ${String(cause)}`, { cause });
  }
  if (text === undefined) throw new TypeError(`A message of type ${typeof message} cannot be sent as JSON.`);
  // A number torn in the middle is still a number; with the space behind it, it is not.
  if (isDigit(text.charCodeAt(text.length - 1))) text += ' ';
  // Each UTF-16 unit is one to three bytes of UTF-8.
  if (text.length * 3 > maxBytes) {
    const bytes = text.length > maxBytes ? text.length : Buffer.byteLength(text);
    if (bytes > maxBytes) throw tooLarge(bytes, maxBytes);
  }
  return `${text}\n`;
}

/**
 * @param maxValues counted where the line is long enough to have more
 * @throws {NamedPipeError} CCB_PIPE_INVALID, CCB_PIPE_TOO_LARGE (it has more values)
 */
export function decodeMessage<In>(
  line: Buffer,
  parse: (value: unknown) => In,
  maxValues: number = Number.POSITIVE_INFINITY,
): In {
  if (isDigit(line[line.length - 1])) {
    throw new NamedPipeError('CCB_PIPE_INVALID', 'A number must be followed by a space, else it may be half of one.');
  }
  if (line.length > maxValues && hasMoreValues(line, maxValues)) {
    const message = `A message of ${line.length} bytes has more than ${maxValues} values. Send fewer at a time, or raise maxMessageValues.`;
    throw new NamedPipeError('CCB_PIPE_TOO_LARGE', message);
  }
  try {
    return parse(JSON.parse(decodeText(line)));
  } catch (cause) {
    if (NamedPipeError.is(cause)) throw cause;
    throw new NamedPipeError(
      'CCB_PIPE_INVALID',
      `A line of ${line.length} bytes is no valid message: ${excuse(cause)}`,
      {
        cause,
      },
    );
  }
}

export function tooLarge(bytes: number | undefined, maxBytes: number, cause?: unknown): NamedPipeError {
  const size = bytes === undefined ? 'A message' : `A message of ${bytes} bytes`;
  const advice = 'Send it in pieces, or raise maxMessageBytes at both ends.';
  return new NamedPipeError('CCB_PIPE_TOO_LARGE', `${size} exceeds the limit of ${maxBytes} bytes. ${advice}`, {
    cause,
  });
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** What begins a list or an object, or stands before a further entry. */
const MARKS: ReadonlySet<number> = new Set([0x2c, 0x5b, 0x7b]);

/** What stands in texts is passed over. */
function hasMoreValues(line: Buffer, maxValues: number): boolean {
  let values = 0;
  let inText = false;
  for (let at = 0; at < line.length; at += 1) {
    const byte = line[at] as number;
    if (inText) {
      if (byte === QUOTE) inText = false;
      else if (byte === BACKSLASH) at += 1;
    } else if (byte === QUOTE) inText = true;
    else if (MARKS.has(byte) && ++values > maxValues) return true;
  }
  return false;
}

function decodeText(line: Buffer): string {
  if (isAscii(line)) return line.toString('latin1');
  if (isUtf8(line)) return line.toString('utf8');
  throw new NamedPipeError('CCB_PIPE_INVALID', `A line of ${line.length} bytes is not UTF-8.`);
}

/** V8 quotes the text that it could not parse: a secret could stand in it. */
function excuse(cause: unknown): string {
  return cause instanceof SyntaxError ? 'not JSON' : String(cause);
}
