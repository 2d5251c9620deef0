const lengths = [1, 7, 3, 16, 5];

/** Cuts a text into pieces that respect neither words nor lines: a few characters each, or 1/100 of a long text. */
export function piecesOf(text: string): string[] {
  const least = Math.ceil(text.length / 100);
  const pieces: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = from + Math.max(least, lengths[pieces.length % lengths.length] as number);
    // One character may be two UTF-16 units.
    if (/[\ud800-\udbff]/.test(text.charAt(to - 1))) to++;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}
