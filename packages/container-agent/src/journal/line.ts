/** Beyond this a sequence number in a file is garbage, not progress. */
export const MAX_SEQ = 1e15;

/** Longest id and digest, in UTF-16 units. */
export const MAX_ID_LENGTH = 1024;

export const NEWLINE = 10;
const CLOSING_BRACE = 125;
const COMMA = 44;
const QUOTE = 34;
const BACKSLASH = 92;
const ZERO = 48;

const BEGIN = Buffer.from('{"type":"begin","seq":');
const EVENT = Buffer.from('{"type":"event","seq":');
const END = Buffer.from('{"type":"end","seq":');
const ID = Buffer.from('"id":"');
const AT = Buffer.from('","at":"');
const DIGEST = Buffer.from('","digest":"');

export type LineType = 'begin' | 'event' | 'end';

/** A command's begin or end, as far as the index of ids is concerned. */
export type Mark =
  | { readonly type: 'begin'; readonly seq: number; readonly id: string; readonly digest: string }
  | { readonly type: 'end'; readonly seq: number; readonly id: string };

/** What the line at `start` claims to be, by its first bytes; only `seqOf` says whether it is a line. */
export function typeOf(bytes: Uint8Array, start: number): LineType {
  if (bytes[start + 9] === 98) return 'begin';
  return bytes[start + 10] === 118 ? 'event' : 'end';
}

/** The sequence number in the head of the line [start, end), newline excluded; 0 when that is no line of a journal. */
export function seqOf(bytes: Uint8Array, start: number, end: number): number {
  const head = headOf(typeOf(bytes, start));
  if (bytes[end - 1] !== CLOSING_BRACE || !startsWith(bytes, start, head)) return 0;
  let at = start + head.length;
  const first = at;
  let seq = 0;
  for (; at < end && at - first < 17; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    seq = seq * 10 + digit;
  }
  if (bytes[first] === ZERO || at === first || seq > MAX_SEQ) return 0;
  return bytes[at] === COMMA && startsWith(bytes, at + 1, ID) ? seq : 0;
}

/** The mark in the line [start, end), which `seqOf` found to be the begin or end `seq`; undefined when it has none. */
export function markOf(bytes: Buffer, start: number, end: number, seq: number): Mark | undefined {
  return plainMark(bytes, start, seq) ?? parseLine(bytes.subarray(start, end)) ?? undefined;
}

/** Parses a whole line, newline excluded. Undefined: not a complete JSON object of a journal; null: an event. */
export function parseLine(line: Buffer): Mark | null | undefined {
  let frame: unknown;
  try {
    frame = JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof frame !== 'object' || frame === null) return undefined;
  const { type, seq, id, digest } = frame as Record<string, unknown>;
  if (typeof seq !== 'number' || !isName(id)) return undefined;
  if (type === 'event') return null;
  if (type === 'end') return { type, seq, id };
  return type === 'begin' && isName(digest) ? { type, seq, id, digest } : undefined;
}

/** Whether `rest`, which holds no newline, is how the line `seq` begins: a write that a crash cut short. */
export function isTorn(rest: Buffer, seq: number): boolean {
  if (rest.includes(0)) return false;
  return [BEGIN, EVENT, END].some((head) => {
    const expected = Buffer.concat([head, Buffer.from(`${seq},"id":"`)]);
    const length = Math.min(expected.length, rest.length);
    return rest.compare(expected, 0, length, 0, length) === 0;
  });
}

/** For ids of plain ASCII in the usual order of keys, several times as fast as JSON.parse; undefined for all others. */
function plainMark(bytes: Buffer, start: number, seq: number): Mark | undefined {
  const type = typeOf(bytes, start);
  const idStart = start + headOf(type).length + String(seq).length + 1 + ID.length;
  const idEnd = plainEnd(bytes, idStart);
  if (!startsWith(bytes, idEnd, AT)) return undefined;
  const id = bytes.toString('latin1', idStart, idEnd);
  if (type !== 'begin') return { type: 'end', seq, id };
  const atEnd = plainEnd(bytes, idEnd + AT.length);
  const digestStart = atEnd + DIGEST.length;
  const digestEnd = plainEnd(bytes, digestStart);
  if (!startsWith(bytes, atEnd, DIGEST) || bytes[digestEnd] !== QUOTE) return undefined;
  return { type, seq, id, digest: bytes.toString('latin1', digestStart, digestEnd) };
}

/** Where a string of printable ASCII without escapes ends; where it is not that, a byte that is no quote. */
function plainEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  for (; at - start <= MAX_ID_LENGTH; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE || byte === BACKSLASH || !(byte >= 32 && byte < 127)) break;
  }
  return at;
}

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_ID_LENGTH;
}

function headOf(type: LineType): Buffer {
  if (type === 'event') return EVENT;
  return type === 'begin' ? BEGIN : END;
}

function startsWith(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}
