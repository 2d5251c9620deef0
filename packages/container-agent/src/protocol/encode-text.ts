import { lineHead } from './encode.ts';

/** A frame with its envelope stays within one pipe's content, so that it never waits half-written on an empty pipe. */
export const maxFrameBytes = 65_536;

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
/** `\u0000`; every other escape is two bytes. */
const LONGEST_ESCAPE = 6;

export interface TextRun {
  readonly text: string;
  readonly stream: 'stdout' | 'stderr';
  /** Written after the command's end. */
  readonly late: boolean;
}

/**
 * The journal lines of one text, from `firstSeq` on, each at most `maxFrameBytes`. It is made JSON once and cut as bytes:
 * making JSON of the halves again costs as much as everything else of a line.
 */
export function encodeText(firstSeq: number, id: string, at: string, run: TextRun): readonly Buffer[] {
  const body = Buffer.from(JSON.stringify(run.text));
  const end = body.length - 1;
  // stdout is the default of the contract: left out, it saves bytes on every line.
  const stream = run.stream === 'stderr' ? ',"stream":"stderr"' : '';
  const tail = Buffer.from(`"${stream}${run.late ? ',"late":true' : ''}}}\n`);
  const lines: Buffer[] = [];
  for (let start = 1; start < end; ) {
    const front = Buffer.from(`${lineHead('event', firstSeq + lines.length, id, at)}"event":{"type":"text","text":"`);
    const room = start + maxFrameBytes - front.length - tail.length;
    const cut = room >= end ? end : cutBefore(body, start, room);
    lines.push(Buffer.concat([front, body.subarray(start, cut), tail]));
    start = cut;
  }
  return lines;
}

/** The last place at or before `at` that is within neither a character nor an escape. */
function cutBefore(body: Buffer, start: number, at: number): number {
  let cut = at;
  while (((body[cut] as number) & 0xc0) === 0x80) cut -= 1;
  for (let slash = cut - 1; slash > cut - LONGEST_ESCAPE && slash >= start; slash -= 1) {
    if (body[slash] !== BACKSLASH) continue;
    const length = body[slash + 1] === LETTER_U ? LONGEST_ESCAPE : 2;
    return isEscape(body, start, slash) && slash + length > cut ? slash : cut;
  }
  return cut;
}

/** A backslash after an odd number of backslashes is the escaped one, not the one that escapes. */
function isEscape(body: Buffer, start: number, slash: number): boolean {
  let first = slash;
  while (first > start && body[first - 1] === BACKSLASH) first -= 1;
  return (slash - first) % 2 === 0;
}
