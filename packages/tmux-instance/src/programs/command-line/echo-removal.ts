/**
 * Takes the terminal's echo of what was typed off the beginning of an answer, where it comes back as it was; and the
 * line that is not finished yet is held back, since it may be the next prompt.
 */
export class EchoRemoval {
  readonly #typed: string;
  #text = '';
  #echoed = false;

  /** @param typed what was sent, without the return key */
  constructor(typed: string) {
    this.#typed = typed;
  }

  /** @returns the text that can be given on now */
  push(text: string): string {
    this.#text += text;
    if (!this.#echoed) {
      const end = this.#text.indexOf(
        '\n',
        this.#text.indexOf(this.#typed) === -1 ? 0 : this.#text.indexOf(this.#typed) + this.#typed.length,
      );
      if (end === -1) return '';
      const first = this.#text.slice(0, end + 1);
      this.#echoed = true;
      // A line that is not the echo is a part of the answer.
      if (visible(first).includes(visible(this.#typed).trimEnd())) this.#text = this.#text.slice(end + 1);
    }
    const last = this.#text.lastIndexOf('\n') + 1;
    const whole = this.#text.slice(0, last);
    this.#text = this.#text.slice(last);
    return whole;
  }

  /** What was held back. */
  rest(): string {
    const rest = this.#text;
    this.#text = '';
    return rest;
  }
}

/** Without the sequences by which a line editor draws. */
function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences begin with one
  return text.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]|[\r\n]/g, '');
}
