import { UsageError } from './usage-error.ts';

/** Bytes cut into lines, without their ends ("\n" or "\r\n"); a last line needs no end. @throws {UsageError} where a line is not UTF-8 */
export async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  let open: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      yield decodeInput(Buffer.concat([...open, chunk.subarray(from, end)])).replace(/\r$/, '');
      open = [];
      from = end + 1;
    }
    if (from < chunk.length) open.push(chunk.subarray(from));
  }
  if (open.length > 0) yield decodeInput(Buffer.concat(open));
}

/** A command is text: bytes that are not are refused, never mended. @throws {UsageError} */
export function decodeInput(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new UsageError('The command on stdin is not UTF-8 text. Convert it first.', { cause });
  }
}
