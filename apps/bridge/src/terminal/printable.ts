/** Text from a program on one line of a terminal: control and formatting characters cannot move the cursor or hide a word. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}
