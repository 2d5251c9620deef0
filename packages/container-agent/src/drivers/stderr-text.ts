import type { DriverContext, Turn } from './driver.ts';
import { Utf8Decoder } from './utf8-decoder.ts';

const TAIL = 2_000;
const LOGGED_PIECE = 500;
/** Between two commands: what a program repeats for ever shall not fill the log. */
const LOGGED_TOTAL = 20_000;

/** What one life of a program writes to stderr: the running command's, else the log's. */
export class StderrText {
  readonly #context: DriverContext;
  readonly #decoder = new Utf8Decoder();
  readonly #name: string;
  #tail = '';
  #logged = 0;

  /** @param name as the log calls the program */
  constructor(context: DriverContext, name: string) {
    this.#name = name;
    this.#context = context;
  }

  /** What was written last. */
  get tail(): string {
    return this.#tail.trim();
  }

  push(chunk: Buffer, turn: Turn | undefined): void {
    for (const { text, bytes } of this.#decoder.push(chunk)) {
      this.#tail = (this.#tail + text).slice(-TAIL);
      if (turn) turn.write(turn.stderr === 'merge' ? 'stdout' : 'stderr', text, bytes);
      else this.#log(text);
    }
  }

  #log(text: string): void {
    if (this.#logged >= LOGGED_TOTAL) return;
    const piece = text.slice(0, LOGGED_PIECE);
    this.#logged += piece.length;
    this.#context.log('warn', `${this.#name}.stderr`, { text: piece });
  }
}
