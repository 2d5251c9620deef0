/** Line breaks and tabs are harmless; characters that turn the direction around are not. */
const HIDDEN = /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/**
 * What a program wrote, for a message that a terminal may show: control characters, with which it could forge or erase
 * what stands around it, as `\u001b`.
 */
export function visible(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(HIDDEN, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
