/** Bytes of JSON of one free-form field at most. An update has two of them at most, and its frame holds 64 KiB. */
export const maxFieldBytes: number = 28 * 1024;

/** Characters of a title at most. */
const MAX_LINE = 200;
/** Characters of an id at most: what a frame takes. */
const MAX_ID = 200;
const MAX_DEPTH = 16;

/** From gentle to harsh: characters of a string, entries of a list or an object. */
const CUTS: readonly { readonly characters: number; readonly entries: number }[] = [
  { characters: 24_000, entries: 1_000 },
  { characters: 8_000, entries: 200 },
  { characters: 1_000, entries: 50 },
  { characters: 100, entries: 10 },
];

/** The value, or as much of it as fits; what was left out is said in its place. */
export function bounded(value: unknown): unknown {
  const whole = sizeOf(value);
  if (whole <= maxFieldBytes) return value;
  for (const { characters, entries } of CUTS) {
    const cut = shortened(value, characters, entries, 0);
    if (sizeOf(cut) <= maxFieldBytes) return cut;
  }
  return Number.isFinite(whole) ? `[${whole} bytes left out]` : '[left out: too deep]';
}

/** A text cut to so many characters, with a mark that says how many more there were. */
export function clipped(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const end = wholeCharacters(text, characters);
  return `${text.slice(0, end)}… [${text.length - end} characters left out]`;
}

/** The first line of a text that is not empty, as a title shows it. */
export function titleLine(text: string): string {
  const line = /\S.*/.exec(text)?.[0].trimEnd() ?? '';
  return line.length <= MAX_LINE ? line : `${line.slice(0, wholeCharacters(line, MAX_LINE - 1))}…`;
}

export function idOf(text: string): string {
  return text.slice(0, MAX_ID);
}

/** A text in pieces, each small enough for a frame however it is escaped. */
export function* piecesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const end = wholeCharacters(text, Math.min(start + 8_000, text.length));
    yield text.slice(start, end);
    start = end;
  }
}

function sizeOf(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(value) ?? '');
  } catch (error) {
    // JSON can be parsed at any depth, but not written.
    if (error instanceof RangeError) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

function shortened(value: unknown, characters: number, entries: number, depth: number): unknown {
  if (typeof value === 'string') return clipped(value, characters);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) return '… [left out: too deep]';
  const inner = (entry: unknown): unknown => shortened(entry, characters, entries, depth + 1);
  if (Array.isArray(value)) {
    const kept = value.slice(0, entries).map(inner);
    return value.length > entries ? [...kept, `… [${value.length - entries} entries left out]`] : kept;
  }
  const all = Object.entries(value);
  const kept = all.slice(0, entries).map(([key, entry]): [string, unknown] => [clipped(key, characters), inner(entry)]);
  if (all.length > entries) kept.push(['…', `[${all.length - entries} entries left out]`]);
  return Object.fromEntries(kept);
}

/** The last place at or before `at` that is not within a surrogate pair. */
function wholeCharacters(text: string, at: number): number {
  const before = text.charCodeAt(at - 1);
  return at < text.length && before >= 0xd800 && before <= 0xdbff ? at - 1 : at;
}
