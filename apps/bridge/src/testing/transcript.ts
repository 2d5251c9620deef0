import type { Readable } from 'node:stream';

/** What a stream has said, and a way to wait for its next words. */
export class Transcript {
  #text = '';
  #position = 0;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(stream: Readable) {
    stream.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString();
      this.#wake();
    });
    stream.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** Resolves when `words` have come after the ones that were waited for before, and gives what came up to their end. */
  async until(words: string): Promise<string> {
    for (;;) {
      const found = this.#text.indexOf(words, this.#position);
      if (found >= 0) {
        const said = this.#text.slice(this.#position, found + words.length);
        this.#position = found + words.length;
        return said;
      }
      if (this.#ended) throw new Error(`It ended without ${JSON.stringify(words)}: ${JSON.stringify(this.#text)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
